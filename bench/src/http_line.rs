//! One HTTP/1.1 connection that is kept open: asks, waits for the answer, as cheaply as can be, so that the caller does not use up the
//! cores that the server is measured on. Knows answers with `Content-Length` only.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use crate::outcome::Outcome;
use crate::plan::PATIENCE;

pub struct HttpLine {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
    token: Option<String>,
}

impl HttpLine {
    pub fn open(address: SocketAddr, token: Option<String>) -> Outcome<HttpLine> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(HttpLine { stream: BufReader::new(stream), address, token })
    }

    /// The body of an answer of the 200s.
    pub fn post(&mut self, path: &str, body: &Value) -> Outcome<Value> {
        self.post_with(path, "", body)
    }

    /// `headers`: whole lines, each with its end.
    pub fn post_with(&mut self, path: &str, headers: &str, body: &Value) -> Outcome<Value> {
        let body = body.to_string();
        let length = body.len();
        let headers = format!("content-type: application/json\r\ncontent-length: {length}\r\n{headers}");
        let (status, text) = self.exchange("POST", path, &headers, &body)?;
        if !(200..300).contains(&status) {
            return Err(format!("POST {path} was answered {status}: {}", String::from_utf8_lossy(&text)).into());
        }
        Ok(if text.is_empty() { Value::Null } else { serde_json::from_slice(&text)? })
    }

    /// Status and body, whatever they are.
    pub fn exchange(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Outcome<(u16, Vec<u8>)> {
        let token = self.token.as_ref().map_or_else(String::new, |token| format!("authorization: Bearer {token}\r\n"));
        let request = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n{token}{headers}\r\n{body}", self.address);
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status: u16 = line.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or("the server hung up")?;
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let header = line.trim_end();
            if header.is_empty() {
                break;
            }
            if let Some((name, value)) = header.split_once(':') {
                if name.eq_ignore_ascii_case("content-length") {
                    length = value.trim().parse()?;
                }
                if name.eq_ignore_ascii_case("transfer-encoding") {
                    return Err(format!("{path} was answered in chunks").into());
                }
            }
        }
        let mut text = vec![0; length];
        self.stream.read_exact(&mut text)?;
        Ok((status, text))
    }
}
