# The gate: how guest code enters libos and goes back.
#
# While guest code runs, the GS base points to the task's Slot (slot.hh; the numbers below are its offsets, checked there),
# and the FS base is the guest's. Nothing here and behind it uses thread-local storage, and nothing uses a vector register:
# a system call changes none. The guest's stack is not touched: below its pointer lies its red zone.
    .text
    .intel_syntax noprefix

    .set OFFSET_RIP, 120
    .set OFFSET_FLAGS, 128
    .set OFFSET_RSP, 136
    .set OFFSET_FS, 144
    .set OFFSET_STACK, 160
    .set OFFSET_KICKED, 176
    .set OFFSET_USED, 180

# As after a syscall instruction: rcx is where to go on, rax the call's number, the arguments in rdi, rsi, rdx, r10, r8, r9.
    .globl cupel_gate
    .type cupel_gate, @function
    .balign 64
cupel_gate:
    mov gs:[0], r15
    mov gs:[8], r14
    mov gs:[16], r13
    mov gs:[24], r12
    mov gs:[32], rbp
    mov gs:[40], rbx
    mov gs:[48], r11
    mov gs:[56], r10
    mov gs:[64], r9
    mov gs:[72], r8
    mov gs:[80], rax
    mov gs:[88], rcx
    mov gs:[96], rdx
    mov gs:[104], rsi
    mov gs:[112], rdi
    mov gs:[OFFSET_RIP], rcx
    mov gs:[OFFSET_RSP], rsp
    mov rsp, gs:[OFFSET_STACK]
    pushfq
    pop qword ptr gs:[OFFSET_FLAGS]
    cld
    rdfsbase rcx                    # guest code may have changed it by wrfsbase, without a call
    mov gs:[OFFSET_FS], rcx
    rdgsbase rdi
    call cupel_on_call              # the stack pointer is 16-aligned here: stack_top is

# Goes on with what the Slot's registers say. May be started again at any point before its last instruction: a signal that
# arrives in it sends it back to its beginning (traps.cc), so that no kick is lost.
    .globl cupel_go_on
    .type cupel_go_on, @function
cupel_go_on:
    mov rsp, gs:[OFFSET_STACK]
    cmp dword ptr gs:[OFFSET_KICKED], 0
    jne 2f
    mov rcx, gs:[OFFSET_FS]
    rdfsbase rdx
    cmp rcx, rdx
    je 1f
    wrfsbase rcx
1:  push qword ptr gs:[OFFSET_FLAGS]
    popfq
    mov r15, gs:[0]
    mov r14, gs:[8]
    mov r13, gs:[16]
    mov r12, gs:[24]
    mov rbp, gs:[32]
    mov rbx, gs:[40]
    mov r11, gs:[48]
    mov r10, gs:[56]
    mov r9, gs:[64]
    mov r8, gs:[72]
    mov rax, gs:[80]
    mov rcx, gs:[88]
    mov rdx, gs:[96]
    mov rsi, gs:[104]
    mov rdi, gs:[112]
    mov rsp, gs:[OFFSET_RSP]
    jmp qword ptr gs:[OFFSET_RIP]
2:  rdgsbase rdi
    call cupel_on_kick
    jmp cupel_go_on
    .globl cupel_go_on_end
cupel_go_on_end:

# Where a trap's handler returns to when the task has more to do than to go on.
    .globl cupel_after_trap
    .type cupel_after_trap, @function
cupel_after_trap:
    rdgsbase rdi
    call cupel_on_kick
    jmp cupel_go_on

# cupel_leave(slot): the thread ends, and its Slot, stack included, is free for another before it has. Nothing is on the stack.
    .globl cupel_leave
    .type cupel_leave, @function
cupel_leave:
    mov dword ptr [rdi + OFFSET_USED], 0
    xor edi, edi
    mov eax, 60                     # exit
    syscall
    ud2

# cupel_clone(flags, stack, slot): the child begins at cupel_begin(slot) on that stack; the caller gets the host's answer.
    .globl cupel_clone
    .type cupel_clone, @function
cupel_clone:
    mov r9, rdx
    xor edx, edx
    xor r10d, r10d
    xor r8d, r8d
    mov eax, 56                     # clone
    syscall
    test rax, rax
    jz 3f
    ret
3:  xor ebp, ebp                    # the end of every backtrace
    mov rdi, r9
    call cupel_begin
    ud2

# cupel_move(slot): goes on as cupel_begin(slot) in a new host process, on the same stack; the old thread ends without
# touching it.
    .globl cupel_move
    .type cupel_move, @function
cupel_move:
    mov r9, rdi
    mov rsi, [rdi + OFFSET_STACK]
    mov edi, 0x400 | 17             # CLONE_FILES, SIGCHLD
    xor edx, edx
    xor r10d, r10d
    xor r8d, r8d
    mov eax, 56                     # clone
    syscall
    test rax, rax
    jz 3b
    js 4f
    xor edi, edi
    mov eax, 60                     # exit
    syscall
4:  mov rdi, r9
    call cupel_cannot_move
    ud2

    .section .note.GNU-stack, "", @progbits
