//! `nn-playground-bindgen PROGRAM.wasm FOLDER`: what `wasm-bindgen --target web` does, without installing it.

use wasm_bindgen_cli_support::Bindgen;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [program, folder] = &arguments[..] else {
        eprintln!("usage: nn-playground-bindgen PROGRAM.wasm FOLDER");
        std::process::exit(2);
    };
    let written = Bindgen::new().input_path(program).web(true).and_then(|bindgen| {
        // Without the default path the module could not find its own program.
        bindgen
            .typescript(false)
            .omit_default_module_path(false)
            .remove_name_section(true)
            .remove_producers_section(true)
            .out_name("playground")
            .generate(folder)
    });
    if let Err(error) = written {
        eprintln!("{program}: {error:#}");
        std::process::exit(1);
    }
}
