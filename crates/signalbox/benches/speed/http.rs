//! A browser that knows only what is measured: one connection that is kept, GET, and a cookie.

use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write};
use std::net::TcpStream;

pub struct Client {
    stream: BufReader<TcpStream>,
    heads: String,
    /// The body of the last answer.
    pub body: Vec<u8>,
}

impl Client {
    /// Connects. `cookie` is the whole header; `encoding` what the browser takes.
    pub fn connect(address: &str, cookie: &str, encoding: &str) -> Result<Client> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let heads = format!("Host: {address}\r\nCookie: {cookie}\r\nAccept-Encoding: {encoding}\r\n");
        Ok(Client { stream: BufReader::with_capacity(64 << 10, stream), heads, body: vec![] })
    }

    /// Connects as a program that holds a token.
    pub fn with_token(address: &str, token: &str) -> Result<Client> {
        let mut client = Client::connect(address, "", "identity")?;
        client.heads = format!("Host: {address}\r\nAuthorization: Bearer {token}\r\n");
        Ok(client)
    }

    /// Asks for a page and reads all of it; its status.
    pub fn get(&mut self, path: &str) -> Result<u16> {
        self.all_of(&format!("GET {path} HTTP/1.1\r\n{}\r\n", self.heads))
    }

    /// Sends JSON and reads the whole answer; its status.
    pub fn post(&mut self, path: &str, json: &str) -> Result<u16> {
        let heads = format!("{}Content-Type: application/json\r\nContent-Length: {}\r\n", self.heads, json.len());
        self.all_of(&format!("POST {path} HTTP/1.1\r\n{heads}\r\n{json}"))
    }

    fn all_of(&mut self, request: &str) -> Result<u16> {
        self.body.clear();
        let mut body = std::mem::take(&mut self.body);
        let status = self.ask(request, &mut |piece| body.extend_from_slice(piece));
        self.body = body;
        status
    }

    /// Asks for something long and hands over its pieces.
    pub fn each_piece(&mut self, path: &str, mut take: impl FnMut(&[u8])) -> Result<u16> {
        self.ask(&format!("GET {path} HTTP/1.1\r\n{}\r\n", self.heads), &mut take)
    }

    fn ask(&mut self, request: &str, take: &mut impl FnMut(&[u8])) -> Result<u16> {
        self.stream.get_mut().write_all(request.as_bytes())?;
        let (mut status, mut length, mut is_chunked) = (0, 0, false);
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let lower = line.to_ascii_lowercase();
            if status == 0 {
                status = lower.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(|| bad("a status"))?;
            } else if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(|_| bad("a length"))?;
            } else if lower.starts_with("transfer-encoding:") && lower.contains("chunked") {
                is_chunked = true;
            }
        }
        if !is_chunked {
            self.piece(length, take)?;
            return Ok(status);
        }
        loop {
            let line = self.line()?;
            let length = usize::from_str_radix(line.trim(), 16).map_err(|_| bad("a piece"))?;
            self.piece(length, take)?;
            self.line()?;
            if length == 0 {
                return Ok(status);
            }
        }
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(bad("the connection is closed"));
        }
        Ok(line.trim_end().to_owned())
    }

    fn piece(&mut self, mut length: usize, take: &mut impl FnMut(&[u8])) -> Result<()> {
        let mut buffer = [0; 16 << 10];
        while length > 0 {
            let wanted = length.min(buffer.len());
            self.stream.read_exact(&mut buffer[..wanted])?;
            take(&buffer[..wanted]);
            length -= wanted;
        }
        Ok(())
    }
}

fn bad(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what.to_owned())
}
