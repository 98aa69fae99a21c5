//! One instance of the engine in WebAssembly, and the few functions of WASI that it imports.

use std::ops::Range;
use std::sync::LazyLock;
use std::time::Instant;

use bytes::Buf;
use wasmtime::error::Context;
use wasmtime::{Caller, Instance, Linker, Memory, Result, Store, TypedFunc, Val, bail};

use crate::{abi, module};

const SUCCESS: i32 = 0;
const LAST_WORDS: usize = 4096;
const PAGE: usize = 4096;

/// Copies of an instance are to see the clock go on from where the first has seen it.
static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// What an instance knows of the world.
#[derive(Default)]
pub(crate) struct World {
    memory: Option<Memory>,
    last_words: Vec<u8>,
}

/// A running guest. After an error it must be dropped.
pub(crate) struct Guest {
    store: Store<World>,
    instance: Instance,
    memory: Memory,
    input: TypedFunc<i32, i32>,
    step: TypedFunc<(i32, f64), i32>,
    control: usize,
    output: Range<usize>,
    /// The time at which a step would next change anything, in microseconds.
    pub(crate) deadline: f64,
}

/// What an instance died of, and behind it what else it had to say.
pub(crate) type LastWords = Vec<String>;

impl Guest {
    pub(crate) fn new() -> Result<Guest> {
        let mut guest = Guest::instantiate()?;
        guest
            .instance
            .get_typed_func::<(), ()>(&mut guest.store, "_initialize")?
            .call(&mut guest.store, ())?;
        let version = guest.get("abi_version")?;
        if version != abi::VERSION {
            bail!("redlet.wasm speaks ABI {version}, not {}", abi::VERSION);
        }
        guest.control = guest.get("control")? as u32 as usize;
        Ok(guest)
    }

    /// Another guest that goes on where this one is.
    pub(crate) fn copy(&mut self) -> Result<Guest> {
        let mut copy = Guest::instantiate()?;
        let missing = self.memory.size(&self.store).saturating_sub(copy.memory.size(&copy.store));
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
        copy.control = copy.get("control")? as u32 as usize;
        copy.deadline = self.deadline;
        Ok(copy)
    }

    pub(crate) fn set_global(&mut self, name: &str, value: Val) -> Result<()> {
        let global = self.instance.get_global(&mut self.store, name);
        global.context("redlet.wasm lacks a global")?.set(&mut self.store, value)
    }

    fn instantiate() -> Result<Guest> {
        let module = module::load()?;
        let mut store = Store::new(module.module().engine(), World::default());
        let instance = module.instantiate(&mut store)?;
        let memory = instance.get_memory(&mut store, "memory");
        let memory = memory.context("redlet.wasm exports no memory")?;
        store.data_mut().memory = Some(memory);
        Ok(Guest {
            input: instance.get_typed_func(&mut store, "input")?,
            step: instance.get_typed_func(&mut store, "step")?,
            store,
            instance,
            memory,
            control: 0,
            output: 0..0,
            deadline: f64::INFINITY,
        })
    }

    fn get(&mut self, name: &str) -> Result<i32> {
        self.instance.get_typed_func::<(), i32>(&mut self.store, name)?.call(&mut self.store, ())
    }

    /// Hands frames in at a time in microseconds.
    pub(crate) fn step(&mut self, frames: &[u8], now: f64) -> std::result::Result<(), LastWords> {
        match self.enter(frames, now) {
            Ok(SUCCESS) => Ok(()),
            Ok(status) => {
                let said = abi::frames(self.output()).next().map_or(&b""[..], |log| log.payload);
                Err(vec![format!("status {status}: {}", String::from_utf8_lossy(said))])
            }
            Err(error) => {
                let words = String::from_utf8_lossy(&self.store.data().last_words);
                let words = words.lines().map(str::to_string);
                Err(words.chain([format!("{error:#}")]).collect())
            }
        }
    }

    fn enter(&mut self, frames: &[u8], now: f64) -> Result<i32> {
        if !frames.is_empty() {
            let at = self.input.call(&mut self.store, frames.len() as i32)? as u32 as usize;
            self.memory.write(&mut self.store, at, frames)?;
        }
        let status = self.step.call(&mut self.store, (frames.len() as i32, now))?;
        let mut block = &self.memory.data(&self.store)[self.control..];
        let (at, size) = (block.get_u32_le() as usize, block.get_u32_le() as usize);
        self.output = at..at + size;
        self.deadline = block.get_f64_le();
        Ok(status)
    }

    /// The frames that the last step gave, until the next.
    pub(crate) fn output(&self) -> &[u8] {
        &self.memory.data(&self.store)[self.output.clone()]
    }

    #[cfg(test)]
    pub(crate) fn pages(&self) -> u64 {
        self.memory.size(&self.store)
    }
}

/// Defines what the module imports, as wasm/ABI.md says that it may be.
pub(crate) fn wasi(linker: &mut Linker<World>) -> Result<()> {
    const WASI: &str = "wasi_snapshot_preview1";
    for nothing in ["args_sizes_get", "args_get", "environ_sizes_get", "environ_get"] {
        linker.func_wrap(WASI, nothing, |_: u32, _: u32| SUCCESS)?;
    }
    linker.func_wrap(WASI, "poll_oneoff", |_: u32, _: u32, _: u32, _: u32| SUCCESS)?;
    linker.func_wrap(WASI, "sched_yield", || SUCCESS)?;
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
    linker.func_wrap(WASI, "proc_exit", |code: i32| -> Result<()> {
        bail!("the guest's runtime ended with code {code}")
    })?;
    Ok(())
}

fn memory(caller: &Caller<World>) -> Result<Memory> {
    caller.data().memory.context("a call from an instance that is not there yet")
}

fn put(mut caller: Caller<World>, at: u32, bytes: &[u8]) -> Result<i32> {
    memory(&caller)?.write(&mut caller, at as usize, bytes)?;
    Ok(SUCCESS)
}

fn fd_write(mut caller: Caller<World>, _: u32, list: u32, count: u32, to: u32) -> Result<i32> {
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
