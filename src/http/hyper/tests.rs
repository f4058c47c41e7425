//! Tests of what hyper's client leaves to us. What both transports do is tested in `transport/tests.rs`.

use super::*;

#[test]
fn localhost_is_loopback_and_is_not_looked_up() {
    // Without a runtime a lookup would panic, and no lookup is ready at once.
    let mut resolver = Resolver(GaiResolver::new());
    let mut lookup = resolver.call(LOCALHOST.parse().unwrap());
    let mut context = Context::from_waker(std::task::Waker::noop());
    let Poll::Ready(Ok(addresses)) = lookup.as_mut().poll(&mut context) else {
        panic!("the addresses are not known at once");
    };
    let addresses: Vec<String> = addresses.map(|address| address.to_string()).collect();
    assert_eq!(addresses, ["127.0.0.1:0", "[::1]:0"]);
}

#[tokio::test]
async fn other_names_of_this_machine_are_looked_up() {
    let mut resolver = Resolver(GaiResolver::new());
    assert!(resolver.call("localhost.invalid".parse().unwrap()).await.is_err());
}

#[test]
fn tls_offers_http_1_and_names_the_host() {
    let tls = configure_tls().unwrap();
    assert_eq!(tls.alpn_protocols, PROTOCOLS);
    assert_eq!(cfg!(feature = "http2"), PROTOCOLS.contains(&b"h2".as_slice()));
    assert!(tls.enable_sni);
}

#[test]
fn there_are_roots_for_a_machine_without_any() {
    assert_eq!(mozilla_roots().len(), webpki_root_certs::TLS_SERVER_ROOT_CERTS.len());
}
