//! The program `coapscope`.

fn main() -> std::process::ExitCode {
    coapscope::cli::main()
}
