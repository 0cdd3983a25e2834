//! The `keyward` program.

use keyward_agent::secret_memory::allocator::SecretAllocator;

#[global_allocator]
static ALLOCATOR: SecretAllocator = SecretAllocator;

fn main() -> std::process::ExitCode {
    keyward_cli::main()
}
