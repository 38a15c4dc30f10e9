# Where a machine begins: the loader enters here in 32-bit mode without paging (PVH), with %ebx at the start info. Makes the first
# page tables, turns on 64-bit mode and goes on in C++, in the upper half.
#
# Virtual addresses: the image at -2G + its physical address; all of the first 4G once more at 0xffff8000'0000'0000 (data, never
# executed); and one to one, until the first user space is entered.
.set kernel_base, 0xffffffff80000000
.set present, 1
.set writable, 2
.set large, 0x80

# The note by which a PVH loader finds the entry: XEN_ELFNOTE_PHYS32_ENTRY.
.section .note.pvh, "a", @note
.align 4
  .long 4, 8, 18
  .asciz "Xen"
  .quad pvh_entry - kernel_base

.section .boot.text, "ax"
.code32
.globl pvh_entry
pvh_entry:
  cld
  cli
  movl $(boot_stack_top - kernel_base), %esp
  movl %ebx, %ebp                      # the start info, kept

  # Four page directories of 2M pages map the first 4G.
  movl $(boot_directories - kernel_base), %edi
  movl $(present | writable | large), %eax
  movl $2048, %ecx
1:movl %eax, (%edi)
  movl $0, 4(%edi)
  addl $0x200000, %eax
  addl $8, %edi
  loop 1b
  # One page directory pointer table for them, used one to one and for the direct map.
  movl $(boot_pointers - kernel_base), %edi
  movl $(boot_directories - kernel_base + present + writable), %eax
  movl $4, %ecx
2:movl %eax, (%edi)
  addl $0x1000, %eax
  addl $8, %edi
  loop 2b
  # The image: the first gigabyte at -2G, which C++ narrows to the image and its protections.
  movl $(image_directory - kernel_base), %edi
  movl $(present | writable | large), %eax
  movl $512, %ecx
3:movl %eax, (%edi)
  addl $0x200000, %eax
  addl $8, %edi
  loop 3b
  movl $(image_directory - kernel_base + present + writable), image_pointers - kernel_base + 510 * 8
  movl $(boot_pointers - kernel_base + present + writable), boot_root - kernel_base
  movl $(boot_pointers - kernel_base + present + writable), boot_root - kernel_base + 256 * 8
  movl $(image_pointers - kernel_base + present + writable), boot_root - kernel_base + 511 * 8

  movl $(boot_root - kernel_base), %eax
  movl %eax, %cr3
  movl $0x620, %eax                    # CR4: PAE, OSFXSR, OSXMMEXCPT
  movl %eax, %cr4
  movl $0xc0000080, %ecx               # EFER: SCE, LME, NXE
  rdmsr
  orl $0x901, %eax
  wrmsr
  movl $0x80010033, %eax               # CR0: PG, WP, NE, ET, MP, PE; no emulation of the x87
  movl %eax, %cr0
  lgdt boot_gdt_pointer - kernel_base
  ljmp $8, $(long_mode - kernel_base)

.code64
long_mode:
  movabsq $in_the_upper_half, %rax
  jmp *%rax

.section .text, "ax"
in_the_upper_half:
  movabsq $boot_stack_top, %rsp
  xorl %eax, %eax
  movw %ax, %ds
  movw %ax, %es
  movw %ax, %ss
  movw %ax, %fs
  movw %ax, %gs
  movl %ebp, %edi
  xorl %ebp, %ebp
  call image_main
  ud2

.section .boot.data, "a"
.align 8
boot_gdt:
  .quad 0
  .quad 0x00af9b000000ffff             # 64-bit code
boot_gdt_pointer:
  .word 15
  .long boot_gdt - kernel_base

.section .bss, "aw", @nobits
.align 4096
.globl boot_root, image_directory
boot_root: .skip 4096
boot_pointers: .skip 4096
boot_directories: .skip 4 * 4096
image_pointers: .skip 4096
image_directory: .skip 4096
.skip 16384
boot_stack_top:
