//! Takes out of a module what the SDK gives a filter to call and this one does not.
//!
//! The SDK's traits have some 170 methods by which a filter may ask its host. Each context is a trait object, so its table
//! holds all of them, and the linker sees a use; but the SDK calls a context only to tell it something. A method that
//! nobody calls by its name is therefore never called, and gives its place in the tables to one that traps.

use std::collections::BTreeSet;
use walrus::{
    ElementItems, FunctionBuilder, FunctionId, LocalFunction, Module,
    ir::{Visitor, dfs_in_order},
};

/// The module of the traits.
const TRAITS: &str = "proxy_wasm::traits::";

/// What the SDK calls: `on_…` and these.
const CALLED: [&str; 3] = ["create_http_context", "create_stream_context", "get_type"];

/// Replaces such methods in the tables of `module`, whose names are still symbols.
pub(super) fn leave_out(module: &mut Module) {
    let named = called_by_name(module);
    let unused: BTreeSet<_> = module
        .funcs
        .iter()
        .filter(|function| function.name.as_deref().is_some_and(asks_the_host))
        .map(walrus::Function::id)
        .filter(|id| !named.contains(id))
        .collect();
    if unused.is_empty() {
        return;
    }
    let trap = trap(module);
    for element in module.elements.iter_mut() {
        if let ElementItems::Functions(functions) = &mut element.items {
            for function in functions.iter_mut().filter(|id| unused.contains(id)) {
                *function = trap;
            }
        }
    }
}

/// Whether the SDK's own method of that symbol has a filter ask its host.
fn asks_the_host(symbol: &str) -> bool {
    let path = format!("{:#}", rustc_demangle::demangle(symbol));
    let Some((_, method)) = path.strip_prefix(TRAITS).and_then(|p| p.split_once("::")) else {
        return false;
    };
    !method.starts_with("on_") && !CALLED.contains(&method)
}

fn trap(module: &mut Module) -> FunctionId {
    let mut function = FunctionBuilder::new(&mut module.types, &[], &[]);
    function
        .name("proxy_wasm::traits::unused".to_owned())
        .func_body()
        .unreachable();
    function.finish(vec![], &mut module.funcs)
}

/// The functions that another one names.
fn called_by_name(module: &Module) -> BTreeSet<FunctionId> {
    let mut named = Named::default();
    for (_, function) in module.funcs.iter_local() {
        named.of(function);
    }
    named.0
}

#[derive(Default)]
struct Named(BTreeSet<FunctionId>);

// === impl Named ===

impl Named {
    fn of(&mut self, function: &LocalFunction) {
        dfs_in_order(self, function, function.entry_block());
    }
}

impl Visitor<'_> for Named {
    fn visit_function_id(&mut self, function: &FunctionId) {
        self.0.insert(*function);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use walrus::{ConstExpr, ElementKind, RefType, ir::Value};

    /// A table of `methods`, and an export that calls the last one by its name.
    fn module(methods: &[&str]) -> Module {
        let mut module = Module::default();
        let ids: Vec<_> = methods
            .iter()
            .map(|method| {
                let mut function = FunctionBuilder::new(&mut module.types, &[], &[]);
                function.name((*method).to_owned()).func_body();
                function.finish(vec![], &mut module.funcs)
            })
            .collect();
        let table = module.tables.add_local(false, 9, None, RefType::FUNCREF);
        let kind = ElementKind::Active {
            table,
            offset: ConstExpr::Value(Value::I32(0)),
        };
        let items = ElementItems::Functions(ids.clone());
        let element = module.elements.add(kind, items);
        module.tables.get_mut(table).elem_segments.insert(element);
        module.exports.add("table", table);
        if let Some(last) = ids.last() {
            let mut caller = FunctionBuilder::new(&mut module.types, &[], &[]);
            caller.func_body().call(*last);
            let caller = caller.finish(vec![], &mut module.funcs);
            module.exports.add("caller", caller);
        }
        module
    }

    /// The names of what is left in the table.
    fn table(module: &Module) -> Vec<String> {
        let ElementItems::Functions(functions) = &module.elements.iter().next().expect("one").items
        else {
            panic!("functions");
        };
        let names = functions
            .iter()
            .map(|id| module.funcs.get(*id).name.clone());
        names.map(|name| name.expect("a name")).collect()
    }

    #[test]
    fn what_a_filter_does_not_ask_leaves_the_table_and_nothing_else_does() {
        let mut module = module(&[
            "proxy_wasm::traits::HttpContext::get_http_request_header",
            "proxy_wasm::traits::HttpContext::on_http_request_headers",
            "proxy_wasm::traits::RootContext::get_type",
            "proxy_wasm::hostcalls::get_map",
            "<host::adapter::Http as proxy_wasm::traits::Context>::get_property",
            "proxy_wasm::traits::Context::get_current_time",
        ]);
        leave_out(&mut module);
        assert_eq!(
            table(&module),
            [
                "proxy_wasm::traits::unused",
                "proxy_wasm::traits::HttpContext::on_http_request_headers",
                "proxy_wasm::traits::RootContext::get_type",
                "proxy_wasm::hostcalls::get_map",
                "<host::adapter::Http as proxy_wasm::traits::Context>::get_property",
                "proxy_wasm::traits::Context::get_current_time",
            ]
        );
    }

    #[test]
    fn a_module_that_asks_for_everything_gets_no_trap() {
        let mut module = module(&["proxy_wasm::traits::Context::get_current_time"]);
        let before = module.funcs.iter().count();
        leave_out(&mut module);
        assert_eq!(module.funcs.iter().count(), before);
    }
}
