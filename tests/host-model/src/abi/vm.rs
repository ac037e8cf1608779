//! What is not a stream's: log, clocks, timers, shared data, metrics, properties, foreign functions.

use super::{OK, Status, answer, hand_over, passed, passed_text};
use crate::{
    Kind, foreign,
    metrics::Invalid,
    process::request_property,
    state::{State, Timer, with},
};

pub(super) fn symbols() -> [*const (); 16] {
    [
        proxy_log as *const (),
        proxy_get_log_level as *const (),
        proxy_get_current_time_nanoseconds as *const (),
        steward_clock_time_get as *const (),
        proxy_set_tick_period_milliseconds as *const (),
        proxy_get_property as *const (),
        proxy_set_property as *const (),
        proxy_get_shared_data as *const (),
        proxy_set_shared_data as *const (),
        proxy_set_effective_context as *const (),
        proxy_done as *const (),
        proxy_call_foreign_function as *const (),
        proxy_define_metric as *const (),
        proxy_get_metric as *const (),
        proxy_record_metric as *const (),
        proxy_increment_metric as *const (),
    ]
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_log(level: u32, data: *const u8, size: usize) -> u32 {
    // SAFETY: the filter's own slice.
    let text = String::from_utf8_lossy(unsafe { passed(data, size) });
    answer("proxy_log", |vm| {
        vm.process.write_line(&vm.name, level, &text);
        Ok(())
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_log_level(level: *mut u32) -> u32 {
    answer("proxy_get_log_level", |vm| {
        // SAFETY: the filter's place to write to.
        unsafe { level.write(vm.log_level()) };
        Ok(())
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32 {
    answer("proxy_get_current_time_nanoseconds", |vm| {
        // SAFETY: the filter's place to write to.
        unsafe { time.write(vm.process.clocks.wall()) };
        Ok(())
    })
}

/// WASI's `clock_time_get`, under the name that `host` gives it off Wasm. Answers WASI's own error numbers.
#[unsafe(no_mangle)]
unsafe extern "C" fn steward_clock_time_get(clock: u32, _precision: u64, time: *mut u64) -> u32 {
    const INVALID: u32 = 28;
    let now = with(|vm| {
        vm.count("clock_time_get");
        match clock {
            0 => Some(vm.process.clocks.wall()),
            1 => Some(vm.process.clocks.monotonic()),
            _ => None,
        }
    });
    let Some(now) = now.flatten() else {
        return INVALID;
    };
    // SAFETY: the filter's place to write to.
    unsafe { time.write(now) };
    OK
}

/// The timer belongs to the root context, whichever context sets it.
#[unsafe(no_mangle)]
extern "C" fn proxy_set_tick_period_milliseconds(period: u32) -> u32 {
    answer("proxy_set_tick_period_milliseconds", |vm| {
        let root = vm
            .streams
            .get(&vm.effective)
            .map_or(vm.effective, |stream| stream.root);
        let period = u64::from(period) * 1_000_000;
        if period == 0 {
            vm.timers.remove(&root);
        } else {
            let due = vm.process.clocks.monotonic() + period;
            vm.timers.insert(root, Timer { period, due });
        }
        Ok(())
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_property(
    path: *const u8,
    path_size: usize,
    data: *mut *mut u8,
    size: *mut usize,
) -> u32 {
    answer("proxy_get_property", |vm| {
        // SAFETY: the filter's own slice.
        let path = unsafe { passed_text(path, path_size) }?.replace('\0', ".");
        let value = property(vm, &path).ok_or(Status::NotFound)?;
        // SAFETY: the filter's places to write to.
        unsafe { hand_over(&value, data, size) };
        Ok(())
    })
}

fn property(vm: &mut State, path: &str) -> Option<Vec<u8>> {
    let of_stream = vm.stream().and_then(|stream| {
        let derived = || match path {
            "response.code" => {
                let code = stream.response_code()?;
                Some(u64::from(code).to_le_bytes().to_vec())
            }
            _ => request_property(path, &stream.request),
        };
        stream.properties.get(path).cloned().or_else(derived)
    });
    of_stream.or_else(|| vm.process.properties().get(path).cloned())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_set_property(
    path: *const u8,
    path_size: usize,
    value: *const u8,
    value_size: usize,
) -> u32 {
    answer("proxy_set_property", |vm| {
        // SAFETY: the filter's own slices.
        let (path, value) = unsafe { (passed_text(path, path_size)?, passed(value, value_size)) };
        let stream = vm.stream().ok_or(Status::NotFound)?;
        stream
            .properties
            .insert(path.replace('\0', "."), value.to_vec());
        Ok(())
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_shared_data(
    key: *const u8,
    key_size: usize,
    data: *mut *mut u8,
    size: *mut usize,
    version: *mut u32,
) -> u32 {
    answer("proxy_get_shared_data", |vm| {
        // SAFETY: the filter's own slice.
        let key = unsafe { passed(key, key_size) };
        let entry = vm
            .process
            .shared()
            .get(key)
            .cloned()
            .ok_or(Status::NotFound)?;
        // SAFETY: the filter's places to write to.
        unsafe {
            hand_over(&entry.value, data, size);
            version.write(entry.version);
        }
        Ok(())
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_set_shared_data(
    key: *const u8,
    key_size: usize,
    value: *const u8,
    value_size: usize,
    version: u32,
) -> u32 {
    answer("proxy_set_shared_data", |vm| {
        // SAFETY: the filter's own slices.
        let (key, value) = unsafe { (passed(key, key_size), passed(value, value_size)) };
        let written = vm.process.shared().set(key, value, version);
        written.map_err(|_| Status::CasMismatch)
    })
}

#[unsafe(no_mangle)]
extern "C" fn proxy_set_effective_context(context: u32) -> u32 {
    answer("proxy_set_effective_context", |vm| {
        if !vm.streams.contains_key(&context) && !vm.roots.contains(&context) {
            return Err(Status::BadArgument);
        }
        vm.effective = context;
        Ok(())
    })
}

#[unsafe(no_mangle)]
extern "C" fn proxy_done() -> u32 {
    answer("proxy_done", |_| Ok(()))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_call_foreign_function(
    name: *const u8,
    name_size: usize,
    argument: *const u8,
    argument_size: usize,
    data: *mut *mut u8,
    size: *mut usize,
) -> u32 {
    answer("proxy_call_foreign_function", |_| {
        // SAFETY: the filter's own slices.
        let (name, argument) = unsafe {
            (
                passed_text(name, name_size)?,
                passed(argument, argument_size),
            )
        };
        let result = match name {
            "verify_signature" => foreign::verify_signature(argument).ok_or(Status::BadArgument)?,
            "clear_route_cache" => Vec::new(),
            _ => return Err(Status::NotFound),
        };
        // SAFETY: the filter's places to write to.
        unsafe { hand_over(&result, data, size) };
        Ok(())
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_define_metric(
    kind: u32,
    name: *const u8,
    name_size: usize,
    id: *mut u32,
) -> u32 {
    answer("proxy_define_metric", |vm| {
        let kind = match kind {
            0 => Kind::Counter,
            1 => Kind::Gauge,
            2 => Kind::Histogram,
            _ => return Err(Status::BadArgument),
        };
        // SAFETY: the filter's own slice.
        let name = unsafe { passed_text(name, name_size) }?;
        let handle = vm.process.metrics().define(kind, name);
        let handle = u32::try_from(handle).map_err(|_| Status::InternalFailure)?;
        // SAFETY: the filter's place to write to.
        unsafe { id.write(handle) };
        Ok(())
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_metric(id: u32, value: *mut u64) -> u32 {
    answer("proxy_get_metric", |vm| {
        let read = vm.process.metrics().read(id).map_err(refusal)?;
        // SAFETY: the filter's place to write to.
        unsafe { value.write(read) };
        Ok(())
    })
}

#[unsafe(no_mangle)]
extern "C" fn proxy_record_metric(id: u32, value: u64) -> u32 {
    answer("proxy_record_metric", |vm| {
        vm.process.metrics().record(id, value).map_err(refusal)
    })
}

#[unsafe(no_mangle)]
extern "C" fn proxy_increment_metric(id: u32, offset: i64) -> u32 {
    answer("proxy_increment_metric", |vm| {
        vm.process.metrics().increment(id, offset).map_err(refusal)
    })
}

fn refusal(invalid: Invalid) -> Status {
    match invalid {
        Invalid::Handle => Status::NotFound,
        Invalid::Update => Status::BadArgument,
    }
}
