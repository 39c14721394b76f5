//! The one client for requests that the server itself makes. It asks whom an operator named, and connects only to addresses that it has
//! checked: a name that leads into a private range is refused unless it is listed, so that nothing inside is reached by a change of DNS.
//! No redirects, 10 s, 1 MB.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Response, Url};

use crate::access::BadAccess;

/// Longest time for a request with its answer.
const LONGEST: Duration = Duration::from_secs(10);

/// Bytes of an answer.
const ANSWER_BYTES: usize = 1024 * 1024;

/// Why an answer could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("its answer broke off: {}", causes(.0))]
    Http(#[from] reqwest::Error),
    #[error("its answer has more than {ANSWER_BYTES} bytes")]
    TooLarge,
}

/// The address that a key of the configuration names, if it may be asked.
pub(crate) fn address(key: &'static str, text: &str, private_hosts: &[String]) -> Result<Url, BadAccess> {
    let url = Url::parse(text).map_err(|_| BadAccess::BadUrl { key })?;
    if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some() {
        return Err(BadAccess::BadUrl { key });
    }
    match may_ask(&url, private_hosts) {
        true => Ok(url),
        false => Err(BadAccess::PrivateUrl { key, host: url.host_str().unwrap_or_default().to_owned() }),
    }
}

/// The whole of an answer, within its bound.
pub(crate) async fn body(response: &mut Response) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > ANSWER_BYTES {
            return Err(BodyError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// An error with what is behind it; without the address, which may hold a secret.
pub(crate) fn causes(error: &reqwest::Error) -> String {
    let mut cause = std::error::Error::source(error);
    let mut words = match cause {
        Some(_) => String::new(),
        None => "the request failed".to_owned(),
    };
    while let Some(inner) = cause {
        if !words.is_empty() {
            words.push_str(": ");
        }
        words.push_str(&inner.to_string());
        cause = inner.source();
    }
    words
}

/// Makes the client. `private_hosts` may lead into private ranges.
pub(crate) fn client(private_hosts: &[String]) -> reqwest::Result<reqwest::Client> {
    let checked = Checked { private_hosts: private_hosts.to_vec() };
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(LONGEST)
        .no_proxy()
        .dns_resolver(Arc::new(checked))
        .build()
}

/// Whether an address with a bare number for its host may be asked; names are checked when they are resolved.
fn may_ask(url: &Url, private_hosts: &[String]) -> bool {
    let Some(host) = url.host_str() else { return false };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(address) => is_public(address) || private_hosts.iter().any(|listed| listed == bare),
        Err(_) => true,
    }
}

struct Checked {
    private_hosts: Vec<String>,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_owned();
        let is_listed = self.private_hosts.contains(&name);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| is_listed || is_public(address.ip())).collect();
            if allowed.is_empty() {
                return Err(format!("{name} leads to no public address: list it in [access] private_hosts if that is meant").into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is meant for the whole Internet (IANA's special-purpose registries, RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let is_shared = a == 100 && (64..128).contains(&b);
            let is_benchmark = a == 198 && (18..20).contains(&b);
            let is_special =
                v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_documentation() || v4.is_broadcast();
            !(is_special || is_shared || is_benchmark || a == 0 || a >= 224 || (a == 192 && b == 0))
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_public(IpAddr::V4(v4)),
            None => is_public_v6(v6),
        },
    }
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    let [first, second, ..] = v6.segments();
    // Global unicast is 2000::/3; documentation (2001:db8::/32), 6to4 and Teredo lie within it and lead elsewhere.
    (0x2000..0x4000).contains(&first) && !(first == 0x2001 && (second == 0x0db8 || second == 0)) && first != 0x2002
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_internet_are_public() {
        for (address, expected) in [
            ("8.8.8.8", true),
            ("127.0.0.1", false),
            ("10.1.2.3", false),
            ("172.31.0.1", false),
            ("192.168.1.1", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("0.0.0.0", false),
            ("255.255.255.255", false),
            ("2606:4700::1111", true),
            ("::1", false),
            ("fe80::1", false),
            ("fd00::1", false),
            ("::ffff:10.0.0.1", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_public(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[tokio::test]
    async fn a_private_name_or_number_is_asked_only_when_it_is_listed() {
        let listed = vec!["127.0.0.1".to_owned()];
        let url = Url::parse("http://127.0.0.1:9/keys").unwrap();
        assert!(!may_ask(&url, &[]) && may_ask(&url, &listed));
        let told = client(&[]).unwrap().get("http://localhost:9/keys").send().await.unwrap_err();
        assert!(format!("{told:?}").contains("leads to no public address"), "{told:?}");
    }
}
