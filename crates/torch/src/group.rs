//! A group of processes that train together: libtorch's own collectives over gloo.

use std::ffi::{CString, c_char, c_int, c_void};
use std::net::{ToSocketAddrs, UdpSocket};
use std::time::Duration;

use tch::{Device, Tensor};

use crate::{Error, Result, ffi};

/// Where the processes of a group meet, and which of them this one is.
///
/// The environment variables are those of `torch.distributed`, so that `torchrun --no-python`, Slurm
/// scripts and Kubernetes' `PyTorchJob` start our processes as they start Python's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupOptions {
    /// Host name or address of rank 0 (`MASTER_ADDR`).
    pub master_addr: String,
    /// The port of its store (`MASTER_PORT`).
    pub master_port: u16,
    /// This process's number, from 0 (`RANK`).
    pub rank: usize,
    /// How many processes there are (`WORLD_SIZE`).
    pub world_size: usize,
    /// This process's number on its machine (`LOCAL_RANK`; 0 if not said).
    pub local_rank: usize,
    /// How long to wait for the others, when meeting and in every operation: default 5 minutes.
    pub timeout: Duration,
    /// Whether the launcher already serves the store, so that rank 0 must not
    /// (`TORCHELASTIC_USE_AGENT_STORE`).
    pub agent_store: bool,
    /// The network interface to listen on (`GLOO_SOCKET_IFNAME`). Unless named, it is the one that
    /// packets to the master leave by.
    pub interface: Option<String>,
}

impl GroupOptions {
    /// How long a process waits for the others unless told otherwise.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(300);

    /// The group of `world_size` processes that meets at `master_addr:master_port`, for its `rank`.
    #[must_use]
    pub fn new((master_addr, master_port): (&str, u16), rank: usize, world_size: usize) -> Self {
        Self {
            master_addr: master_addr.to_owned(),
            master_port,
            rank,
            world_size,
            local_rank: 0,
            timeout: Self::DEFAULT_TIMEOUT,
            agent_store: false,
            interface: None,
        }
    }

    /// The group that the environment describes; `None` without `WORLD_SIZE`.
    ///
    /// # Errors
    /// [`Error::GroupSetting`] naming the variable that is missing or not what it must be.
    pub fn from_env() -> Result<Option<Self>> {
        Self::from_lookup(&|name| std::env::var(name).ok())
    }

    fn from_lookup(find: &dyn Fn(&str) -> Option<String>) -> Result<Option<Self>> {
        if find("WORLD_SIZE").is_none() {
            return Ok(None);
        }
        let needed = |name| {
            let expected = "a value, as WORLD_SIZE is set";
            find(name).ok_or_else(|| setting(name, "nothing", expected))
        };
        let world_size = number("WORLD_SIZE", &needed("WORLD_SIZE")?)?;
        let rank = number("RANK", &needed("RANK")?)?;
        let port = needed("MASTER_PORT")?;
        let master_port =
            port.parse().map_err(|_| setting("MASTER_PORT", &port, "a port from 1 to 65535"))?;
        let mut options = Self::new((&needed("MASTER_ADDR")?, master_port), rank, world_size);
        if let Some(text) = find("LOCAL_RANK") {
            options.local_rank = number("LOCAL_RANK", &text)?;
        }
        options.agent_store =
            find("TORCHELASTIC_USE_AGENT_STORE").is_some_and(|value| value == "True");
        options.interface = find("GLOO_SOCKET_IFNAME").filter(|name| !name.is_empty());
        options.validate()?;
        Ok(Some(options))
    }

    fn validate(&self) -> Result<()> {
        let Self { rank, world_size, .. } = *self;
        if world_size == 0 || i32::try_from(world_size).is_err() {
            return Err(setting("WORLD_SIZE", &world_size.to_string(), "a number from 1"));
        }
        if rank >= world_size {
            let expected = format!("a number from 0 to {}", world_size - 1);
            return Err(setting("RANK", &rank.to_string(), &expected));
        }
        if self.master_port == 0 {
            return Err(setting("MASTER_PORT", "0", "a port from 1 to 65535"));
        }
        Ok(())
    }

    /// This machine's address as the master sees it: what a socket towards it is bound to.
    fn own_address(&self) -> Option<String> {
        let master =
            (self.master_addr.as_str(), self.master_port).to_socket_addrs().ok()?.next()?;
        let any = if master.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(any).ok()?;
        socket.connect(master).ok()?; // sends nothing
        Some(socket.local_addr().ok()?.ip().to_string())
    }
}

fn number(name: &'static str, text: &str) -> Result<usize> {
    text.parse().map_err(|_| setting(name, text, "a whole number from 0"))
}

fn setting(name: &'static str, got: &str, expected: &str) -> Error {
    Error::GroupSetting { name, got: got.to_owned(), expected: expected.to_owned() }
}

/// Numbers of a bucket of gradients: 32 MiB of them.
const BUCKET: i64 = 8 << 20;

/// A process's place in a group, once all have met. Operations are collective: every process of the
/// group calls the same ones in the same order, or the others wait until their timeout and fail.
///
/// ```
/// use tunewise_torch::{GroupOptions, ProcessGroup};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // A group of one: what a program does is the same for any number of processes.
/// let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
/// let group = ProcessGroup::join(&GroupOptions::new(("127.0.0.1", port), 0, 1))?;
/// let mut counts = tch::Tensor::from_slice(&[3.0f32, 5.0]);
/// group.all_reduce(&mut counts)?;
/// assert_eq!(counts, tch::Tensor::from_slice(&[3.0f32, 5.0]));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ProcessGroup {
    group: *mut c_void,
    rank: usize,
    world_size: usize,
}

// SAFETY: the C++ group is a pointer to objects that libtorch itself hands from thread to thread; no
// method of ours may run at the same time as another, since `ProcessGroup` is not `Sync`.
unsafe impl Send for ProcessGroup {}

impl ProcessGroup {
    /// Waits until all processes of the group are there.
    ///
    /// The messages go by gloo, over TCP, through the host's memory; NCCL is not built.
    ///
    /// # Errors
    /// [`Error::GroupSetting`] for a rank outside the group or a host name with a NUL;
    /// [`Error::Group`] if the others do not come within the timeout or cannot be reached.
    pub fn join(options: &GroupOptions) -> Result<Self> {
        options.validate()?;
        let GroupOptions { rank, world_size, master_port, .. } = *options;
        let host = text("MASTER_ADDR", &options.master_addr)?;
        let interface = options.interface.as_deref();
        let interface = interface.map(|name| text("GLOO_SOCKET_IFNAME", name)).transpose()?;
        let address = options.own_address().map(|name| text("address", &name)).transpose()?;
        let pointer =
            |name: &Option<CString>| name.as_ref().map_or(std::ptr::null(), |name| name.as_ptr());
        let args = ffi::GroupArgs {
            host: host.as_ptr(),
            port: master_port,
            serves: c_int::from(rank == 0 && !options.agent_store),
            rank: rank as c_int, // below the world size, which fits
            size: world_size as c_int,
            timeout_ms: i64::try_from(options.timeout.as_millis()).unwrap_or(i64::MAX / 2),
            interface: pointer(&interface),
            address: pointer(&address),
        };
        let mut group = std::ptr::null_mut();
        // SAFETY: `args` and the strings it points to live through the call, which writes `group`
        // exactly if it succeeds.
        let message = unsafe { ffi::tunewise_group_new(&raw const args, &raw mut group) };
        named("meeting the other ranks", (rank, world_size), message)?;
        Ok(Self { group, rank, world_size })
    }

    /// This process's number, from 0.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// How many processes there are.
    #[must_use]
    pub fn world_size(&self) -> usize {
        self.world_size
    }

    /// Replaces `tensor`'s numbers by their sums over all processes. Every process gets the same bits.
    ///
    /// # Errors
    /// [`Error::Group`] if a process is gone or does not answer within the timeout, or the tensor is
    /// not contiguous on the CPU.
    pub fn all_reduce(&self, tensor: &mut Tensor) -> Result<()> {
        self.check("all_reduce", tensor)?;
        let handle = tensor.as_mut_ptr();
        // SAFETY: both handles are live, and the tensor is ours alone until the call returns.
        self.named("all_reduce", unsafe { ffi::tunewise_group_all_reduce(self.group, handle) })
    }

    /// Replaces `tensor`'s numbers by those of the process `root`.
    ///
    /// # Errors
    /// As [`ProcessGroup::all_reduce`].
    pub fn broadcast(&self, tensor: &mut Tensor, root: usize) -> Result<()> {
        self.check("broadcast", tensor)?;
        if root >= self.world_size {
            let expected = format!("a rank from 0 to {}", self.world_size - 1);
            return Err(setting("root", &root.to_string(), &expected));
        }
        let handle = tensor.as_mut_ptr();
        // SAFETY: as for `all_reduce`.
        let message = unsafe { ffi::tunewise_group_broadcast(self.group, handle, root as c_int) };
        self.named("broadcast", message)
    }

    /// Sums the gradients of `parameters` over all processes, in buckets, and `numbers` with them: a
    /// loss, say. A parameter that no process has a gradient of keeps none; where only others have one,
    /// theirs becomes this process's. All processes must give the same parameters in the same order.
    ///
    /// A process sends and receives `2 (world_size - 1) / world_size` times the bytes: 4 a gradient's
    /// number, 8 a parameter and a number of `numbers`.
    ///
    /// # Errors
    /// As [`ProcessGroup::all_reduce`].
    pub fn reduce_gradients<'t>(
        &self,
        parameters: impl IntoIterator<Item = &'t Tensor>,
        numbers: &mut [f64],
    ) -> Result<()> {
        let handles = ffi::handles(parameters);
        let (parameters, n, k) = (handles.as_ptr(), handles.len(), numbers.len());
        let numbers = numbers.as_mut_ptr();
        // SAFETY: `n` live tensors, `k` numbers, a live group; the call ends before it returns.
        self.named("summing gradients", unsafe {
            ffi::tunewise_group_reduce_gradients(self.group, parameters, n, numbers, k, BUCKET)
        })
    }

    /// Waits until every process is here.
    ///
    /// # Errors
    /// [`Error::Group`] if one does not come within the timeout.
    pub fn barrier(&self) -> Result<()> {
        // SAFETY: the handle is live.
        self.named("barrier", unsafe { ffi::tunewise_group_barrier(self.group) })
    }

    fn check(&self, op: &'static str, tensor: &Tensor) -> Result<()> {
        if tensor.defined() && tensor.device() == Device::Cpu && tensor.is_contiguous() {
            return Ok(());
        }
        let message = "needs a contiguous tensor on the CPU".to_owned();
        Err(Error::Group { op, rank: self.rank, world_size: self.world_size, message })
    }

    fn named(&self, op: &'static str, message: *mut c_char) -> Result<()> {
        named(op, (self.rank, self.world_size), message)
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        // SAFETY: made by `tunewise_group_new`, freed here alone. What it may say on the way out
        // concerns connections that are given up anyway; `check` frees the message.
        let _ = ffi::check("leaving a group", unsafe { ffi::tunewise_group_free(self.group) });
    }
}

fn text(name: &'static str, value: &str) -> Result<CString> {
    CString::new(value).map_err(|_| setting(name, value, "text without a NUL"))
}

/// Names the operation and the process of a group's error.
fn named(op: &'static str, (rank, world_size): (usize, usize), message: *mut c_char) -> Result<()> {
    ffi::check(op, message).map_err(|error| match error {
        Error::Libtorch { message, .. } => Error::Group { op, rank, world_size, message },
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(pairs: &[(&str, &str)]) -> Result<Option<GroupOptions>> {
        let find = |name: &str| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        GroupOptions::from_lookup(&find)
    }

    const WHOLE: [(&str, &str); 5] = [
        ("WORLD_SIZE", "2"),
        ("RANK", "1"),
        ("MASTER_ADDR", "10.0.0.1"),
        ("MASTER_PORT", "29500"),
        ("LOCAL_RANK", "1"),
    ];

    #[test]
    fn the_environment_of_torchrun_is_read() {
        assert_eq!(options(&[]).unwrap(), None);
        let read = options(&WHOLE).unwrap().unwrap();
        let expected =
            GroupOptions { local_rank: 1, ..GroupOptions::new(("10.0.0.1", 29500), 1, 2) };
        assert_eq!(read, expected);
        let mut agent = WHOLE.to_vec();
        agent.extend([("TORCHELASTIC_USE_AGENT_STORE", "True"), ("GLOO_SOCKET_IFNAME", "eth1")]);
        let read = options(&agent).unwrap().unwrap();
        assert!(read.agent_store);
        assert_eq!(read.interface.as_deref(), Some("eth1"));
    }

    #[test]
    fn a_broken_environment_names_its_variable() {
        for (name, value, says) in [
            ("RANK", "2", "RANK: got 2, expected a number from 0 to 1"),
            ("RANK", "one", "RANK: got one, expected a whole number from 0"),
            ("WORLD_SIZE", "0", "WORLD_SIZE: got 0, expected a number from 1"),
            ("MASTER_PORT", "70000", "MASTER_PORT: got 70000, expected a port from 1 to 65535"),
            ("LOCAL_RANK", "-1", "LOCAL_RANK: got -1, expected a whole number from 0"),
        ] {
            let changed = WHOLE.map(|(key, old)| (key, if key == name { value } else { old }));
            assert_eq!(options(&changed).unwrap_err().to_string(), says);
        }
        let short: Vec<_> = WHOLE.into_iter().filter(|(key, _)| *key != "MASTER_ADDR").collect();
        let says = "MASTER_ADDR: got nothing, expected a value, as WORLD_SIZE is set";
        assert_eq!(options(&short).unwrap_err().to_string(), says);
    }
}
