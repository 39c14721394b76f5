//! Where a Redis stands, with what signs in to it. It is shown without name and password, in whatever way it is printed.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{ConnectionAddr, ConnectionInfo, ProtocolVersion};

/// How an address is written.
const FORM: &str = "write redis://host:6379, redis://user:password@host:6379/0, rediss://… for TLS, or unix:///path/to/socket";
/// A peer that is gone without a word is noticed by the kernel after this silence, and so many probes.
const KEEPALIVE: Duration = Duration::from_secs(15);
const PROBES: u32 = 3;

/// The address of a Redis.
#[derive(Clone)]
pub struct Address {
    info: ConnectionInfo,
    text: String,
    shown: String,
}

impl Address {
    pub(crate) fn info(&self) -> ConnectionInfo {
        self.info.clone()
    }
}

impl FromStr for Address {
    /// A sentence that does not repeat the address, which may hold a password.
    type Err = String;

    fn from_str(text: &str) -> Result<Address, String> {
        if text.contains('#') {
            return Err(
                "must hold no `#`: the certificate of a rediss:// address is always checked; in a password write %23".to_owned()
            );
        }
        let info = ConnectionInfo::from_str(text).map_err(|_| format!("is no address of a Redis: {FORM}"))?;
        let shown = match info.addr() {
            ConnectionAddr::TcpTls { host, port, .. } => format!("rediss://{}:{port}", bracketed(host)),
            ConnectionAddr::Tcp(host, port) => format!("redis://{}:{port}", bracketed(host)),
            other => format!("unix://{other}"),
        };
        // Messages of a channel come on the connection on which is published: one connection, of which we know whether it lives.
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let settings = settings.set_lib_name("tidings", env!("CARGO_PKG_VERSION"));
        let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE / 3).with_retries(PROBES);
        let tcp = TcpSettings::default().set_nodelay(true).set_keepalive(keepalive).set_user_timeout(KEEPALIVE * 2);
        Ok(Address { info: info.set_redis_settings(settings).set_tcp_settings(tcp), text: text.to_owned(), shown })
    }
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Address) -> bool {
        self.text == other.text
    }
}

impl Eq for Address {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_signs_in() {
        for (text, shown) in [
            ("redis://127.0.0.1:6379", "redis://127.0.0.1:6379"),
            ("redis://localhost", "redis://localhost:6379"),
            ("redis://ann:s3cret@cache.example:7000/2", "redis://cache.example:7000"),
            ("redis://:s3cret%23@cache.example", "redis://cache.example:6379"),
            ("rediss://:s3cret@cache.example", "rediss://cache.example:6379"),
            ("unix:///run/redis.sock?pass=s3cret", "unix:///run/redis.sock"),
            ("valkey://:s3cret@[::1]", "redis://[::1]:6379"),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!((address.to_string(), format!("{address:?}")), (shown.to_owned(), shown.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for text in [
            "",
            "localhost:6379",
            "http://:s3cret@x",
            "redis://",
            "redis://:s3cret@x/first",
            "redis://:s3cret@x:port",
            "redis://x/?protocol=4s3cret",
            "rediss://:s3cret@x/#insecure",
            "redis://:s3cret#@x",
        ] {
            let problem = text.parse::<Address>().unwrap_err();
            assert!(!problem.contains("s3cret") && (problem.contains("redis://") || problem.contains("%23")), "{text}: {problem}");
        }
    }
}
