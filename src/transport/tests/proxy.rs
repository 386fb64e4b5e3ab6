//! HTTP and SOCKS proxies.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, TcpStream};
use std::sync::{Arc, Mutex};

use super::authority::{Authority, VALID, accept_tls};
use super::server::{Peer, Server, ok};
use super::*;
use crate::error::{ErrorKind, Phase};
use crate::limits;
use crate::platform::errno;
use crate::transport::dns_worker::ResolveFn;
use crate::transport::resolver::Resolver;
use crate::transport::{Delivery, ProxySetting};

fn http_through(url: String) -> Http {
    let proxy = ProxySetting::Url(url);
    Http::new(&HttpSettings { connections: 2, proxy, ..Default::default() }).unwrap()
}

/// Relays bytes in both directions until one side closes.
fn relay(peer: &mut Peer, address: &str) -> io::Result<()> {
    let mut upstream = TcpStream::connect(address)?;
    let (mut from, mut to) = (upstream.try_clone()?, peer.stream.get_ref().try_clone()?);
    let downstream = std::thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        to.shutdown(Shutdown::Both)
    });
    let result = io::copy(&mut peer.stream, &mut upstream).map(drop);
    upstream.shutdown(Shutdown::Both)?;
    let _ = downstream.join();
    result
}

#[test]
fn a_connect_proxy_carries_requests_and_keeps_the_connection() {
    let server = Server::start(Peer::echo);
    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&heads);
    let proxy = Server::start(move |peer| {
        let head = peer.head()?;
        let address = head.split(' ').nth(1).unwrap().to_owned();
        seen.lock().unwrap().push(head);
        peer.send(ESTABLISHED)?;
        relay(peer, &address)
    });
    let http = http_through(format!("http://me:secret@{}", proxy.host()));
    for _ in 0..3 {
        let exchange = put(&http, &server.host(), &Body::Text("hello".into())).unwrap();
        assert!(exchange.response.body.ends_with(b"5"));
    }
    let heads = heads.lock().unwrap();
    assert_eq!((heads.len(), server.accepted()), (1, 1));
    assert!(heads[0].starts_with(&format!("CONNECT {} HTTP/1.1\r\n", server.host())));
    assert!(heads[0].contains("Proxy-Authorization: Basic bWU6c2VjcmV0\r\n"));
}

#[test]
fn a_socks5h_proxy_gets_the_host_name_and_the_password() {
    let server = Server::start(Peer::echo);
    let address = server.host();
    let port = address.rsplit(':').next().unwrap().to_owned();
    let proxy = Server::start(move |peer| {
        let mut greeting = [0; 4];
        peer.stream.read_exact(&mut greeting)?;
        assert_eq!(greeting, [5, 2, 0, 2]);
        peer.stream.get_mut().write_all(&[5, 2])?;
        let mut login = [0; 6];
        peer.stream.read_exact(&mut login)?;
        assert_eq!(&login, b"\x01\x02me\x01p");
        peer.stream.get_mut().write_all(&[1, 0])?;
        let mut request = [0; 18];
        peer.stream.read_exact(&mut request)?;
        assert_eq!(&request[..16], b"\x05\x01\x00\x03\x0bbucket.test");
        peer.stream.get_mut().write_all(&[5, 0, 0, 3, 1, b'x', 0, 0])?;
        relay(peer, &address)
    });
    let http = http_through(format!("socks5h://me:p@{}", proxy.host()));
    let exchange = get(&http, &format!("bucket.test:{port}")).unwrap();
    assert_eq!(exchange.response.status, 200);
}

#[test]
fn a_socks4_proxy_gets_the_address() {
    let server = Server::start(Peer::echo);
    let address = server.host();
    let proxy = Server::start(move |peer| {
        let mut request = [0; 9];
        peer.stream.read_exact(&mut request)?;
        assert_eq!((request[0], request[1], &request[4..]), (4, 1, &[127, 0, 0, 1, 0][..]));
        peer.stream.get_mut().write_all(&[0, 90, 0, 0, 0, 0, 0, 0])?;
        relay(peer, &address)
    });
    let http = http_through(format!("socks4://{}", proxy.host()));
    assert_eq!(get(&http, &server.host()).unwrap().response.status, 200);
}

#[test]
fn a_socks4_proxy_gets_the_user_name_as_user_id() {
    for (scheme, expected) in
        [("socks4", &b"\x7f\0\0\x01a@b\0"[..]), ("socks4a", &b"\0\0\0\x01a@b\0bucket.test\0"[..])]
    {
        let proxy = Server::start(move |peer| {
            let mut request = vec![0; 4 + expected.len()];
            peer.stream.read_exact(&mut request)?;
            assert_eq!(&request[4..], expected);
            peer.stream.get_mut().write_all(&[0, 90, 0, 0, 0, 0, 0, 0])?;
            peer.request()?;
            peer.send(&ok(""))
        });
        let http = http_through(format!("{scheme}://a%40b@{}", proxy.host()));
        let host = if scheme == "socks4" { "127.0.0.1:9" } else { "bucket.test" };
        assert_eq!(get(&http, host).unwrap().response.status, 200);
    }
}

#[test]
fn a_user_name_that_would_end_early_is_refused() {
    let proxy = Server::start(|peer| peer.stream.read_exact(&mut [0; 1]));
    let http = http_through(format!("socks4://a%00b@{}", proxy.host()));
    let error = get(&http, "127.0.0.1:9").unwrap_err().error;
    assert!(error.to_string().contains("the proxy user name has a NUL character"), "{error}");
}

#[test]
fn a_socks4_proxy_gets_the_ipv4_address_of_a_host_that_has_both() {
    let proxy = Server::start(|peer| {
        let mut request = [0; 9];
        peer.stream.read_exact(&mut request)?;
        assert_eq!(&request[4..8], [127, 0, 0, 1]);
        peer.stream.get_mut().write_all(&[0, 90, 0, 0, 0, 0, 0, 0])?;
        peer.request()?;
        peer.send(&ok(""))
    });
    let resolve_fn = |_: &str| Ok(vec![Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()]);
    let url = format!("socks4://{}", proxy.host());
    let settings =
        HttpSettings { connections: 1, proxy: ProxySetting::Url(url), ..Default::default() };
    let resolver = Resolver::with_resolve_fn(resolve_fn, limits::RESOLVE_TTL);
    let http = Http::with_resolver(&settings, resolver).unwrap();
    assert_eq!(get(&http, "bucket.test").unwrap().response.status, 200);
}

#[test]
fn an_error_of_the_proxy_names_it_and_is_permanent_if_it_refused() {
    let required = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
    for (url, response, text, is_permanent) in [
        ("http://", required, "it requires a user name and a password (status 407)", true),
        ("http://me:secret@", required, "it rejected the user name or password", true),
        ("http://", "HTTP/1.1 403 Forbidden\r\n\r\n", "does not allow connections to", true),
        ("http://", "HTTP/1.1 429 Slow down\r\n\r\n", "(status 429)", false),
        ("http://", "HTTP/1.1 502 Bad Gateway\r\n\r\n", "(status 502)", false),
        ("http://", "SSH-2.0-x\r\n\r\n", "does not respond with HTTP", false),
        ("http://", "", "it closed the connection without a response", false),
        ("socks5://", "\u{5}\u{7f}", "it requires authentication", true),
        ("socks5://me:secret@", "\u{5}\u{7f}", "it accepts neither connections without", true),
        ("socks5h://", "\u{5}\0\u{5}\u{2}\0\u{1}", "not allowed by its ruleset", true),
        ("socks5h://", "\u{5}\0\u{5}\u{5}\0\u{1}", "connection refused", false),
        ("socks4://", "\0\u{5b}\0\0\0\0\0\0", "it refused the connection", false),
        ("socks4://", "\0\u{5d}\0\0\0\0\0\0", "identd (SOCKS 4 code 93)", true),
        ("socks4a://", "HTTP/1.1 4", "does not respond with SOCKS 4", false),
    ] {
        let proxy = Server::start(move |peer| {
            let mut byte = [0; 1];
            peer.stream.read_exact(&mut byte)?;
            peer.send(response)
        });
        let failure = get(&http_through(format!("{url}{}", proxy.host())), "127.0.0.1:9");
        let ExchangeError { error, delivery, .. } = failure.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
        assert_eq!(error.phase(), Some(Phase::Connect));
        assert_eq!((delivery, error.host()), (Delivery::Impossible, Some("127.0.0.1:9")));
        assert_eq!(error.is_permanent(), is_permanent, "{error}");
        let scheme = url.split_once("://").unwrap().0;
        let named = format!("proxy {scheme}://{}: ", proxy.host());
        let shown = error.to_string();
        assert!(shown.starts_with(&named) && shown.contains(text), "{shown}");
        assert!(!shown.contains("secret"), "{shown}");
    }
}

#[test]
fn a_proxy_that_cannot_be_reached_is_named() {
    let address = "127.77.0.6:9";
    let error = get(&http_through(format!("http://{address}")), "a.test").unwrap_err().error;
    let start = format!("proxy http://{address}: cannot connect to {address}: ");
    assert!(error.to_string().starts_with(&start), "{error}");
    assert_eq!(error.os_errno(), Some(errno::ECONNREFUSED));

    let plain = Server::start(|peer| {
        peer.stream.read_exact(&mut [0; 1])?;
        peer.send("HTTP/1.1 400 no\r\n\r\n")
    });
    let error =
        get(&http_through(format!("https://{}", plain.host())), "a.test").unwrap_err().error;
    let text = format!(
        "proxy https://{}: the server does not speak TLS on this port; the URL of the proxy may \
         need http:// or another port; host a.test",
        plain.host()
    );
    assert_eq!(error.to_string(), text);
}

fn unknown(_: &str) -> io::Result<Vec<IpAddr>> {
    Err(io::Error::other("no such name"))
}

fn no_addresses(_: &str) -> io::Result<Vec<IpAddr>> {
    Ok(Vec::new())
}

#[test]
fn a_name_that_is_unknown_is_that_of_the_proxy_or_of_the_endpoint() {
    let of_proxy = "check the URL of the proxy and the DNS settings";
    let of_endpoint = "check the endpoint, the bucket and the DNS settings";
    let lookups: [(ResolveFn, &str); 2] = [
        (unknown, "cannot resolve the host name: no such name"),
        (no_addresses, "the host name has no addresses"),
    ];
    for (url, prefix, remedy) in [
        ("http://proxy.test:3128", "proxy http://proxy.test:3128: ", of_proxy),
        ("https://proxy.test:3128", "proxy https://proxy.test:3128: ", of_proxy),
        ("socks5h://proxy.test:1080", "proxy socks5h://proxy.test:1080: ", of_proxy),
        // This client resolves the name that the proxy connects to.
        ("socks5://127.0.0.1:9", "", of_endpoint),
    ] {
        for (resolve_fn, cause) in lookups {
            let proxy = ProxySetting::Url(url.to_owned());
            let settings = HttpSettings { connections: 1, proxy, ..Default::default() };
            let resolver = Resolver::with_resolve_fn(resolve_fn, limits::RESOLVE_TTL);
            let http = Http::with_resolver(&settings, resolver).unwrap();
            let error = get(&http, "bucket.test").unwrap_err().error;
            assert_eq!(error.to_string(), format!("{prefix}{cause}; {remedy}; host bucket.test"));
            assert_eq!((error.kind(), error.phase()), (ErrorKind::Resolve, Some(Phase::Resolve)));
        }
    }
}

#[test]
fn a_certificate_that_is_refused_is_that_of_the_proxy_or_of_the_endpoint() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let connect_to = |http: Http| put_tls(&http, "127.0.0.1:9", &Body::Empty).unwrap_err().error;
    let http = |url: String| {
        let (tls, proxy) = (ours.settings(), ProxySetting::Url(url));
        Http::new(&HttpSettings { connections: 1, proxy, tls, ..Default::default() }).unwrap()
    };
    for (authority, name, text) in [
        (
            &ours,
            "other.test",
            "not valid for 127.0.0.1 but for other.test; check the URL of the proxy",
        ),
        (&theirs, "127.0.0.1", "an unknown authority signed it; set ca_file to the certificate of"),
    ] {
        let proxy = authority.server(name, VALID, Peer::read_to_end);
        let shown = connect_to(http(format!("https://{}", proxy.host()))).to_string();
        let start = format!("proxy https://{}: the server's certificate is ", proxy.host());
        assert!(shown.starts_with(&start) && shown.contains(text), "{shown}");
    }
    let config = ours.config("other.test", VALID);
    let proxy = Server::start(move |peer| {
        peer.head()?;
        peer.send(ESTABLISHED)?;
        let (end, stream) = (Arc::clone(&peer.end), peer.stream.get_ref().try_clone()?);
        Peer { number: 0, stream: accept_tls(&config, stream), end }.read_to_end()
    });
    let error = connect_to(http(format!("http://{}", proxy.host())));
    let text = format!(
        "through proxy http://{}: the server's certificate is not valid for 127.0.0.1 but for \
         other.test; check the endpoint; host 127.0.0.1:9",
        proxy.host()
    );
    assert_eq!(error.to_string(), text);
}

#[test]
fn a_proxy_is_named_when_its_connection_fails() {
    for (answer, text) in [("", "the connection was closed"), ("SSH-2.0-x\r\n\r\n", "not HTTP")] {
        let proxy = Server::start(move |peer| {
            peer.head()?;
            peer.send(ESTABLISHED)?;
            peer.head()?;
            peer.send(answer)
        });
        let http = http_through(format!("http://me:secret@{}", proxy.host()));
        let error = get(&http, "127.0.0.1:9").unwrap_err().error;
        let shown = error.to_string();
        let start = format!("through proxy http://{}: ", proxy.host());
        assert!(shown.starts_with(&start) && shown.contains(text), "{shown}");
    }
}

#[test]
fn a_silent_proxy_is_a_connect_timeout() {
    let proxy = Server::start(Peer::read_to_end);
    let http = http_through(format!("http://{}", proxy.host()));
    let cancel = Cancel::never();
    let mut options = default_options(&cancel);
    options.timeouts.connect = Duration::from_millis(100);
    let failure = send(&http, "127.0.0.1:9", Method::Get, &Body::Empty, &options).unwrap_err();
    assert_eq!(failure.error.kind(), ErrorKind::Timeout);
    assert_eq!(failure.error.phase(), Some(Phase::Connect));
    let text = format!(
        "proxy http://{}: no connection within 100ms; check the network, the URL of the proxy, and \
         that it can connect to the endpoint; host 127.0.0.1:9",
        proxy.host()
    );
    assert_eq!(failure.error.to_string(), text);
}

const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

/// The test proxies are also the destination host, so one case has TLS inside TLS.
#[test]
fn tls_works_through_http_and_https_proxies() {
    let authority = Authority::new("ours");
    let config = authority.config("127.0.0.1", VALID);
    let inner = Arc::clone(&config);
    let plain = Server::start(move |peer| {
        peer.head()?;
        peer.send(ESTABLISHED)?;
        let (end, stream) = (Arc::clone(&peer.end), peer.stream.get_ref().try_clone()?);
        Peer { number: 0, stream: accept_tls(&inner, stream), end }.echo()
    });
    let secured = authority.server("127.0.0.1", VALID, move |peer| {
        peer.head()?;
        peer.send(ESTABLISHED)?;
        let (end, stream) = (Arc::clone(&peer.end), peer.stream.get_mut());
        Peer { number: 0, stream: accept_tls(&config, stream), end }.echo()
    });
    for url in [format!("http://{}", plain.host()), format!("https://{}", secured.host())] {
        let proxy = ProxySetting::Url(url);
        let tls = authority.settings();
        let http =
            Http::new(&HttpSettings { connections: 2, proxy, tls, ..Default::default() }).unwrap();
        for length in [5, 300_000] {
            let body = Pattern::body(length);
            let exchange = put_tls(&http, "127.0.0.1:9", &body).unwrap();
            assert!(exchange.response.body.ends_with(length.to_string().as_bytes()));
        }
    }
    assert_eq!((plain.accepted(), secured.accepted()), (1, 1));
}

/// All tests of a process share its environment, so the test re-executes itself as a child process.
#[test]
fn the_environment_is_read_only_with_that_setting() {
    const SERVER: &str = "OSSMPU_TEST_SERVER";
    let Some(host) = std::env::var(SERVER).ok() else {
        let server = Server::start(|peer| {
            peer.request()?;
            peer.send(&ok("direct"))
        });
        let name = "transport::tests::proxy::the_environment_is_read_only_with_that_setting";
        for (proxy, no_proxy) in [("http://127.0.0.1:9", "127.0.0.1"), ("not a URL", "other.test")]
        {
            let mut child = std::process::Command::new(std::env::current_exe().unwrap());
            child.args(["--exact", name]).env(SERVER, server.host());
            child.env("HTTPS_PROXY", proxy).env("NO_PROXY", no_proxy).env_remove("ALL_PROXY");
            let output = child.output().unwrap();
            assert!(output.status.success(), "{output:?}");
        }
        return;
    };
    let is_direct = |http: Http| get(&http, &host).unwrap().response.body == b"direct";
    assert!(is_direct(Http::new(&HttpSettings::default()).unwrap()));
    let proxy = ProxySetting::Environment;
    let http = Http::new(&HttpSettings { proxy, ..Default::default() });
    if std::env::var("HTTPS_PROXY").unwrap() == "not a URL" {
        assert_eq!(http.unwrap_err().argument(), Some("proxy"));
    } else {
        assert!(is_direct(http.unwrap()), "the host is in NO_PROXY");
    }
}

#[test]
fn the_proxy_of_the_environment_is_used() {
    const IS_CHILD: &str = "OSSMPU_TEST_PROXY";
    if std::env::var(IS_CHILD).is_err() {
        let proxy = Server::start(|peer| {
            peer.head()?;
            peer.send("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        });
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "transport::tests::proxy::the_proxy_of_the_environment_is_used"]);
        child.env(IS_CHILD, "1").env_remove("NO_PROXY").env_remove("no_proxy");
        let output = child.env("ALL_PROXY", format!("http://{}", proxy.host())).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        return;
    }
    let proxy = ProxySetting::Environment;
    let http = Http::new(&HttpSettings { proxy, ..Default::default() }).unwrap();
    let failure = get(&http, "127.0.0.1:9").unwrap_err();
    assert!(failure.error.to_string().contains("requires a user name"), "{}", failure.error);
}

/// The header `Proxy` of a request is `HTTP_PROXY` in a CGI program.
#[test]
fn a_cgi_program_does_not_take_its_proxy_from_a_request() {
    const METHOD: &str = "REQUEST_METHOD";
    const SERVER: &str = "OSSMPU_TEST_CGI_SERVER";
    let Some(host) = std::env::var(SERVER).ok() else {
        let server = Server::start(|peer| {
            peer.request()?;
            peer.send(&ok("direct"))
        });
        let name = "transport::tests::proxy::a_cgi_program_does_not_take_its_proxy_from_a_request";
        for (variable, method, is_direct) in [
            ("HTTP_PROXY", Some("GET"), true),
            ("HTTP_PROXY", Some(""), false),
            ("HTTP_PROXY", None, false),
            // The same variable on Windows.
            ("http_proxy", Some("GET"), cfg!(windows)),
            ("HTTPS_PROXY", Some("GET"), false),
        ] {
            let mut child = std::process::Command::new(std::env::current_exe().unwrap());
            child.args(["--exact", name]).env(SERVER, server.host());
            for unset in VARIABLES {
                child.env_remove(unset);
            }
            child.env(variable, "http://127.0.0.1:9").envs(method.map(|method| (METHOD, method)));
            let output = child.env("OSSMPU_TEST_DIRECT", is_direct.to_string()).output().unwrap();
            assert!(output.status.success(), "{variable} {method:?}: {output:?}");
        }
        return;
    };
    let proxy = ProxySetting::Environment;
    let http = Http::new(&HttpSettings { proxy, ..Default::default() }).unwrap();
    let is_direct = get(&http, &host).is_ok();
    assert_eq!(is_direct.to_string(), std::env::var("OSSMPU_TEST_DIRECT").unwrap());
}

const VARIABLES: [&str; 9] = [
    "ALL_PROXY",
    "all_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "NO_PROXY",
    "no_proxy",
    "REQUEST_METHOD",
];
