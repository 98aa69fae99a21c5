//! One instance of the engine in WebAssembly, and the few functions of WASI that it imports.

use std::sync::LazyLock;
use std::time::Instant;

use bytes::Buf;
use wasmtime::error::Context;
use wasmtime::{
    Caller, Instance, Linker, Memory, Result, Store, TypedFunc, Val, WasmResults, bail, ensure,
};

use crate::abi::{self, Frame};
use crate::module;

const SUCCESS: u32 = 0;
const LAST_WORDS: usize = 4096;
const PAGE: usize = 4096;

/// Copies of an instance are to see the clock go on from where the first has seen it.
static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// What an instance knows of the world.
#[derive(Default)]
struct World {
    memory: Option<Memory>,
    last_words: Vec<u8>,
}

/// A running guest. After an error it must be dropped.
pub(crate) struct Guest {
    store: Store<World>,
    instance: Instance,
    memory: Memory,
    input: TypedFunc<u32, u32>,
    step: TypedFunc<(u32, f64), u32>,
    control: usize,
    /// The time at which a step would next change anything, in microseconds.
    pub(crate) deadline: f64,
}

impl Guest {
    pub(crate) fn new() -> Result<Guest> {
        let mut guest = Guest::instantiate()?;
        guest.call::<()>("_initialize")?;
        let version: u32 = guest.call("abi_version")?;
        ensure!(version == abi::VERSION, "redlet.wasm speaks ABI {version}");
        guest.control = guest.call::<u32>("control")? as usize;
        Ok(guest)
    }

    /// Another guest that goes on where this one is.
    pub(crate) fn copy(&mut self) -> Result<Guest> {
        let mut copy = Guest::instantiate()?;
        let missing = self.memory.size(&self.store) - copy.memory.size(&copy.store);
        copy.memory.grow(&mut copy.store, missing)?;
        let pages = copy.memory.data_mut(&mut copy.store).chunks_mut(PAGE);
        for (to, from) in pages.zip(self.memory.data(&self.store).chunks(PAGE)) {
            if to != from {
                to.copy_from_slice(from); // the others stay those of the module
            }
        }
        for number in 0.. {
            let name = format!("global_{number}");
            let Some(global) = self.instance.get_global(&mut self.store, &name) else { break };
            let value = global.get(&mut self.store);
            copy.set_global(&name, value)?;
        }
        (copy.control, copy.deadline) = (self.control, self.deadline);
        Ok(copy)
    }

    pub(crate) fn set_global(&mut self, name: &str, value: Val) -> Result<()> {
        let global = self.instance.get_global(&mut self.store, name);
        global.context("redlet.wasm lacks a global")?.set(&mut self.store, value)
    }

    fn instantiate() -> Result<Guest> {
        let module = module::load()?;
        let mut store = Store::new(module.engine(), World::default());
        let mut linker = Linker::new(module.engine());
        wasi(&mut linker)?;
        linker.define_unknown_imports_as_default_values(&mut store, &module)?;
        let instance = linker.instantiate(&mut store, &module)?;
        let memory = instance.get_memory(&mut store, "memory").context("there is no memory")?;
        store.data_mut().memory = Some(memory);
        let input = instance.get_typed_func(&mut store, "input")?;
        let step = instance.get_typed_func(&mut store, "step")?;
        Ok(Guest { store, instance, memory, input, step, control: 0, deadline: f64::INFINITY })
    }

    fn call<R: WasmResults>(&mut self, name: &str) -> Result<R> {
        self.instance.get_typed_func::<(), R>(&mut self.store, name)?.call(&mut self.store, ())
    }

    /// Hands frames in at a time in microseconds; the frames that come of it. Or else what the
    /// instance died of, and behind it what else it had to say.
    pub(crate) fn step(&mut self, frames: &[u8], now: f64) -> Result<Vec<Frame>, Vec<String>> {
        match self.enter(frames, now) {
            Ok((SUCCESS, output)) => Ok(output),
            Ok((status, output)) => {
                let said = output.first().map_or(String::new(), |log| abi::text(&log.payload));
                Err(vec![format!("status {status}: {said}")])
            }
            Err(error) => {
                let words = abi::text(&self.store.data().last_words);
                Err(words.lines().map(str::to_string).chain([format!("{error:#}")]).collect())
            }
        }
    }

    fn enter(&mut self, frames: &[u8], now: f64) -> Result<(u32, Vec<Frame>)> {
        let size = frames.len() as u32;
        if size > 0 {
            let at = self.input.call(&mut self.store, size)? as usize;
            self.memory.write(&mut self.store, at, frames)?;
        }
        let status = self.step.call(&mut self.store, (size, now))?;
        let memory = self.memory.data(&self.store);
        let mut block = &memory[self.control..];
        let (at, size) = (block.get_u32_le() as usize, block.get_u32_le() as usize);
        self.deadline = block.get_f64_le();
        Ok((status, abi::frames(&memory[at..at + size]).collect()))
    }

    #[cfg(test)]
    pub(crate) fn pages(&self) -> u64 {
        self.memory.size(&self.store)
    }
}

/// Defines what the module imports, but for what needs to do nothing and answer 0.
fn wasi(linker: &mut Linker<World>) -> Result<()> {
    const WASI: &str = "wasi_snapshot_preview1";
    linker.func_wrap(
        WASI,
        "clock_time_get",
        |caller: Caller<World>, _: u32, _: u64, to: u32| {
            // Never 0, which the guest's runtime takes for a clock that does not work.
            put(caller, to, &(BEGAN.elapsed().as_nanos() as u64 + 1).to_le_bytes())
        },
    )?;
    linker.func_wrap(WASI, "random_get", |caller: Caller<World>, to: u32, size: u32| {
        let mut random = vec![0; size as usize];
        getrandom::fill(&mut random)?;
        put(caller, to, &random)
    })?;
    linker.func_wrap(WASI, "fd_write", fd_write)?;
    let exit = |code: u32| -> Result<()> { bail!("the guest's runtime ended with code {code}") };
    linker.func_wrap(WASI, "proc_exit", exit)?;
    Ok(())
}

fn memory(caller: &Caller<World>) -> Result<Memory> {
    caller.data().memory.context("a call from an instance that is not there yet")
}

fn put(mut caller: Caller<World>, at: u32, bytes: &[u8]) -> Result<u32> {
    memory(&caller)?.write(&mut caller, at as usize, bytes)?;
    Ok(SUCCESS)
}

fn fd_write(mut caller: Caller<World>, _: u32, list: u32, count: u32, to: u32) -> Result<u32> {
    let (memory, world) = memory(&caller)?.data_and_store_mut(&mut caller);
    let (mut list, mut written) = (&memory[list as usize..], 0);
    for _ in 0..count {
        let (at, size) = (list.get_u32_le() as usize, list.get_u32_le());
        world.last_words.extend_from_slice(&memory[at..at + size as usize]);
        written += size;
    }
    world.last_words.truncate(LAST_WORDS);
    put(caller, to, &written.to_le_bytes())
}
