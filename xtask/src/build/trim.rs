//! Takes out of a linked module what nobody calls.
//!
//! The linker keeps all the SDK exports. Once an export is gone, what only it reached is garbage too, so the module
//! also gets smaller. The name section stays: without it the stack trace of a trap is a list of numbers.

use super::{names, unused};
use anyhow::{Context, Result, ensure};
use walrus::{Module, ModuleConfig};

/// The module `wasm` with exactly the exports `keep`; an error names those that it does not have.
pub(crate) fn trim(wasm: &[u8], keep: &[&str]) -> Result<Vec<u8>> {
    let mut config = ModuleConfig::new();
    config
        .generate_name_section(true)
        .generate_producers_section(false);
    let mut module = config.parse(wasm).context("not a Wasm module")?;

    let missing: Vec<_> = keep
        .iter()
        .filter(|name| !exports(&module, name))
        .copied()
        .collect();
    ensure!(
        missing.is_empty(),
        "it does not export {}",
        missing.join(", ")
    );

    let needless = module
        .exports
        .iter()
        .filter(|export| !keep.contains(&export.name.as_str()));
    for export in needless.map(walrus::Export::id).collect::<Vec<_>>() {
        module.exports.delete(export);
    }
    unused::leave_out(&mut module);
    walrus::passes::gc::run(&mut module);
    for function in module.funcs.iter_mut() {
        function.name = function.name.as_deref().map(names::readable);
    }
    Ok(module.emit_wasm())
}

fn exports(module: &Module, name: &str) -> bool {
    module.exports.iter().any(|export| export.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use walrus::{FunctionBuilder, ValType};

    /// `kept` and `needless`, each calling a function of its own.
    fn module() -> Vec<u8> {
        let mut module = Module::with_config(ModuleConfig::new());
        for name in ["kept", "needless"] {
            let mut inner = FunctionBuilder::new(&mut module.types, &[], &[ValType::I32]);
            inner.name(format!("{name}_inner")).func_body().i32_const(7);
            let inner = inner.finish(vec![], &mut module.funcs);
            let mut outer = FunctionBuilder::new(&mut module.types, &[], &[ValType::I32]);
            outer.name(name.to_owned()).func_body().call(inner);
            let outer = outer.finish(vec![], &mut module.funcs);
            module.exports.add(name, outer);
        }
        module.emit_wasm()
    }

    fn functions(wasm: &[u8]) -> Vec<String> {
        let module = Module::from_buffer(wasm).expect("a module");
        let mut names: Vec<_> = module.funcs.iter().filter_map(|f| f.name.clone()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_only_a_needless_export_reaches_goes_with_it_and_names_stay() {
        let wasm = module();
        assert_eq!(
            functions(&wasm),
            ["kept", "kept_inner", "needless", "needless_inner"]
        );
        let trimmed = trim(&wasm, &["kept"]).expect("trimmed");
        assert_eq!(functions(&trimmed), ["kept", "kept_inner"]);
        let left = Module::from_buffer(&trimmed).expect("a module");
        assert_eq!(
            left.exports
                .iter()
                .map(|e| e.name.as_str())
                .collect::<Vec<_>>(),
            ["kept"]
        );
    }

    #[test]
    fn a_module_without_what_it_should_export_is_refused_by_name() {
        let said = trim(&module(), &["kept", "memory", "_initialize"]).expect_err("incomplete");
        assert_eq!(said.to_string(), "it does not export memory, _initialize");
    }

    #[test]
    fn bytes_that_are_no_module_are_refused() {
        assert!(trim(b"<html>", &[]).is_err());
    }
}
