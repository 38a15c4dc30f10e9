#pragma once

namespace cupel::image {

// Whether the processor runs us as an SEV-SNP guest. SEV_STATUS decides, which no hypervisor can change; only on a processor that
// says in CPUID leaf 8000001f that it has that register, as others fault on it. A hypervisor can hide the leaf, and then we
// take the machine for a plain one: a release image ends there.
bool is_snp_guest();

}  // namespace cupel::image
