#include "fuzz/campaign/page.hh"

namespace cupel::fuzz {

const char* const page_style = R"css(
:root{color-scheme:light dark;--paper:#fbfaf7;--card:#fff;--ink:#23262b;--quiet:#686e78;--edge:#e4e1d9;--grid:#e9e6df;--code:#f4f2ec;
--good:#1d7a45;--bad:#b3311f;--accent:#9a6b15;--bar:#c99a3a;
--s0:#2f6fb5;--s1:#c2571a;--s2:#2f8f5b;--s3:#8a52b3;--s4:#b8860b;--s5:#c23a66;--s6:#1f8a99;--s7:#6b6f76}
@media (prefers-color-scheme:dark){:root{--paper:#15171a;--card:#1c1f23;--ink:#e4e5e7;--quiet:#9aa0a9;--edge:#2e3238;--grid:#2c3036;--code:#23272c;
--good:#5cc48b;--bad:#f0826f;--accent:#e0b050;--bar:#b98a2e;
--s0:#6aa9ec;--s1:#f09457;--s2:#63c98f;--s3:#c092e6;--s4:#e3bb4a;--s5:#f07fa3;--s6:#58c5d4;--s7:#a2a7af}}
*{box-sizing:border-box}
body{font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans","DejaVu Sans",sans-serif;background:var(--paper);color:var(--ink);max-width:72rem;margin:0 auto;padding:2.2rem 1.4rem 4rem}
header{display:flex;align-items:baseline;gap:.8rem;flex-wrap:wrap;border-bottom:2px solid var(--accent);padding-bottom:.7rem}
h1{font-size:1.55rem;line-height:1.2;margin:0;letter-spacing:-.01em}header p{margin:0 0 0 auto;color:var(--quiet)}
h2{font-size:1.15rem;margin:2.4rem 0 .6rem}h2 small{font-weight:400;color:var(--quiet);font-size:.9rem;margin-left:.5rem}
h3{font-size:1rem;margin:0 0 .5rem;font-family:ui-monospace,"DejaVu Sans Mono",monospace;color:var(--bad);overflow-wrap:anywhere}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.8rem;margin:1.3rem 0 0}
.tile,figure,.finding,.sheet{background:var(--card);border:1px solid var(--edge);border-radius:10px}
.tile{padding:.75rem 1.1rem;color:var(--quiet)}.tile b{display:block;font-size:1.6rem;line-height:1.25;color:var(--ink);font-weight:600;font-variant-numeric:tabular-nums}
.tile b.good,.good{color:var(--good)}.tile b.bad,.bad{color:var(--bad)}.quiet{color:var(--quiet)}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.3rem;margin:.2rem 0 .8rem;padding:0;list-style:none}
.legend i,td i{display:inline-block;width:.85rem;height:.85rem;border-radius:3px;margin-right:.45rem;vertical-align:-.1rem}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(24rem,1fr));gap:.9rem}
figure{margin:0;padding:.7rem .8rem .3rem}figcaption{font-weight:600;margin-left:.3rem}figcaption span{font-weight:400;color:var(--quiet)}
figure svg{width:100%;height:auto;display:block}
.sheet{overflow-x:auto;padding:.2rem 0}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.34rem 1rem;border-bottom:1px solid var(--edge);vertical-align:top}tr:last-child td{border-bottom:0}
th{font-weight:600;color:var(--quiet);font-size:.85rem;white-space:nowrap}.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
code,pre,.name{font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:.86em}.name{white-space:nowrap}
pre{background:var(--code);padding:.75rem 1rem;border-radius:8px;overflow:auto;margin:.6rem 0 0;line-height:1.5}
.finding{padding:1rem 1.2rem;margin:0 0 .9rem;border-left:4px solid var(--bad)}
.finding dl{display:grid;grid-template-columns:6.5rem 1fr;gap:.15rem .8rem;margin:0}.finding dt{color:var(--quiet)}.finding dd{margin:0;overflow-wrap:anywhere}
summary{cursor:pointer;color:var(--quiet);margin-top:.6rem}
.bar{display:inline-block;width:4.5rem;height:.5rem;border-radius:3px;background:var(--grid);vertical-align:.1rem;margin-left:.6rem;overflow:hidden}.bar i{display:block;height:100%;background:var(--bar);margin:0;border-radius:0}
.chip{display:inline-block;font-size:.74rem;line-height:1.35;padding:.05rem .42rem;margin:.1rem .22rem .1rem 0;border-radius:5px;background:var(--code);border:1px solid transparent}
.chip.not{background:none;border:1px dashed var(--edge);color:var(--quiet)}
footer{margin-top:2.5rem;color:var(--quiet);font-size:.87rem}
@media (max-width:40rem){.plots{grid-template-columns:1fr}header p{margin-left:0}}
)css";

}  // namespace cupel::fuzz
