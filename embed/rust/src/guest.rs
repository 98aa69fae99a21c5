//! One instance of the engine in WebAssembly, and the few functions of WASI that it imports.

use std::ops::Range;
use std::sync::LazyLock;
use std::time::Instant;

use wasmtime::{Caller, Instance, Linker, Memory, Result, Store, TypedFunc, Val, bail};

use crate::{abi, module};

/// What the guest's runtime is to keep its heap below, of the 4 GiB that a module can have.
const ENVIRONMENT: &[u8] = b"GOMEMLIMIT=4018143232\0";
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

/// What an instance died of, and what else it had to say.
#[derive(Debug)]
pub(crate) struct Death {
    pub(crate) reason: String,
    pub(crate) log: Vec<String>,
}

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
        let Some(global) = self.instance.get_global(&mut self.store, name) else {
            bail!("redlet.wasm exports no {name}")
        };
        global.set(&mut self.store, value)
    }

    fn instantiate() -> Result<Guest> {
        let module = module::load()?;
        let mut store = Store::new(module.module().engine(), World::default());
        let instance = module.instantiate(&mut store)?;
        let Some(memory) = instance.get_memory(&mut store, "memory") else {
            bail!("redlet.wasm exports no memory")
        };
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
    pub(crate) fn step(&mut self, frames: &[u8], now: f64) -> std::result::Result<(), Death> {
        let status = match self.enter(frames, now) {
            Ok(status) => status,
            Err(error) => return Err(self.death(&error)),
        };
        if status != SUCCESS {
            let said = abi::frames(self.output()).next();
            let said = said.map_or("".into(), |frame| String::from_utf8_lossy(frame.payload));
            return Err(Death { reason: format!("status {status}: {said}"), log: Vec::new() });
        }
        Ok(())
    }

    fn enter(&mut self, frames: &[u8], now: f64) -> Result<i32> {
        if !frames.is_empty() {
            let at = self.input.call(&mut self.store, frames.len() as i32)? as u32 as usize;
            self.memory.write(&mut self.store, at, frames)?;
        }
        let status = self.step.call(&mut self.store, (frames.len() as i32, now))?;
        let block = &self.memory.data(&self.store)[self.control..][..16];
        let (at, size) = (abi::u32_at(block, 0) as usize, abi::u32_at(block, 4) as usize);
        self.output = at..at + size;
        self.deadline = f64::from_bits(abi::u64_at(block, 8));
        Ok(status)
    }

    fn death(&self, error: &wasmtime::Error) -> Death {
        let words = String::from_utf8_lossy(&self.store.data().last_words);
        let mut log: Vec<String> = words.lines().map(str::to_string).collect();
        log.push(format!("{error:#}"));
        Death { reason: log.remove(0), log }
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
    linker.func_wrap(WASI, "args_sizes_get", |caller: Caller<World>, count: u32, size: u32| {
        put(caller, &[(count, &[0; 4]), (size, &[0; 4])])
    })?;
    linker.func_wrap(WASI, "args_get", |_: u32, _: u32| SUCCESS)?;
    linker.func_wrap(
        WASI,
        "environ_sizes_get",
        |caller: Caller<World>, count: u32, size: u32| {
            let length = ENVIRONMENT.len() as u32;
            put(caller, &[(count, &1u32.to_le_bytes()), (size, &length.to_le_bytes())])
        },
    )?;
    linker.func_wrap(WASI, "environ_get", |caller: Caller<World>, list: u32, text: u32| {
        put(caller, &[(list, &text.to_le_bytes()), (text, ENVIRONMENT)])
    })?;
    linker.func_wrap(
        WASI,
        "clock_time_get",
        |caller: Caller<World>, _: u32, _: u64, to: u32| {
            // Never 0, which the guest's runtime takes for a clock that does not work.
            let now = BEGAN.elapsed().as_nanos() as u64 + 1;
            put(caller, &[(to, &now.to_le_bytes())])
        },
    )?;
    linker.func_wrap(WASI, "random_get", |mut caller: Caller<World>, to: u32, size: u32| {
        let (memory, _) = memory(&mut caller)?;
        let Some(buffer) = memory.get_mut(to as usize..).and_then(|m| m.get_mut(..size as usize))
        else {
            bail!("random bytes for an address outside of the memory")
        };
        getrandom::fill(buffer)?;
        Ok(SUCCESS)
    })?;
    linker.func_wrap(WASI, "fd_write", fd_write)?;
    linker.func_wrap(WASI, "poll_oneoff", poll_oneoff)?;
    linker.func_wrap(WASI, "sched_yield", || SUCCESS)?;
    linker.func_wrap(WASI, "proc_exit", |code: i32| -> Result<()> {
        bail!("the guest's runtime ended with code {code}")
    })?;
    Ok(())
}

fn memory<'a>(caller: &'a mut Caller<World>) -> Result<(&'a mut [u8], &'a mut World)> {
    match caller.data().memory {
        Some(memory) => Ok(memory.data_and_store_mut(caller)),
        None => bail!("a call from an instance that is not there yet"),
    }
}

/// Writes bytes to addresses.
fn put(mut caller: Caller<World>, pieces: &[(u32, &[u8])]) -> Result<i32> {
    let (memory, _) = memory(&mut caller)?;
    for (at, bytes) in pieces {
        match memory.get_mut(*at as usize..).and_then(|memory| memory.get_mut(..bytes.len())) {
            Some(place) => place.copy_from_slice(bytes),
            None => bail!("an address outside of the memory"),
        }
    }
    Ok(SUCCESS)
}

fn fd_write(mut caller: Caller<World>, _: u32, iovs: u32, count: u32, to: u32) -> Result<i32> {
    let (memory, world) = memory(&mut caller)?;
    let mut written = 0;
    for entry in memory[iovs as usize..].chunks_exact(8).take(count as usize) {
        let (at, size) = (abi::u32_at(entry, 0) as usize, abi::u32_at(entry, 4) as usize);
        let room = LAST_WORDS - world.last_words.len();
        world.last_words.extend_from_slice(&memory[at..at + size.min(room)]);
        written += size as u32;
    }
    put(caller, &[(to, &written.to_le_bytes())])
}

fn poll_oneoff(caller: Caller<World>, _: u32, out: u32, count: u32, to: u32) -> Result<i32> {
    put(caller, &[(to, &count.to_le_bytes()), (out, &vec![0; count as usize * 32])])
}
