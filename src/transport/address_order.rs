//! The order in which the addresses of a host are tried.

use std::net::IpAddr;

/// Orders the addresses for one connection: those that failed last, IPv6 and IPv4 in turn, and each
/// address first in as many connections as any other of its family. `use_number` counts the
/// connections. The family that the system's resolver prefers comes first.
pub(super) fn order(addresses: &[IpAddr], failed: &[IpAddr], use_number: usize) -> Vec<IpAddr> {
    let (last, first): (Vec<IpAddr>, Vec<IpAddr>) =
        addresses.iter().partition(|address| failed.contains(address));
    let mut ordered = interleave(&first, use_number);
    ordered.append(&mut interleave(&last, use_number));
    ordered
}

fn interleave(addresses: &[IpAddr], use_number: usize) -> Vec<IpAddr> {
    let Some(preferred) = addresses.first() else {
        return Vec::new();
    };
    let (mut first, mut second): (Vec<IpAddr>, Vec<IpAddr>) =
        addresses.iter().partition(|address| address.is_ipv6() == preferred.is_ipv6());
    for family in [&mut first, &mut second] {
        let count = family.len().max(1);
        family.rotate_left(use_number % count);
    }
    let mut ordered = Vec::with_capacity(addresses.len());
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    while ordered.len() < addresses.len() {
        ordered.extend(first.next());
        ordered.extend(second.next());
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(addresses: &str) -> Vec<IpAddr> {
        addresses.split_whitespace().map(|address| address.parse().unwrap()).collect()
    }

    #[test]
    fn the_families_alternate_and_failed_addresses_are_last() {
        for (addresses, failed, expected) in [
            ("", "", ""),
            ("1.1.1.1", "1.1.1.1", "1.1.1.1"),
            ("1::1 1::2 1.1.1.1 1.1.1.2", "", "1::1 1.1.1.1 1::2 1.1.1.2"),
            ("1.1.1.1 1::1 1::2", "", "1.1.1.1 1::1 1::2"),
            ("1::1 1::2 1.1.1.1", "1::1", "1::2 1.1.1.1 1::1"),
            ("1::1 1.1.1.1", "1::1", "1.1.1.1 1::1"),
            ("1::1 1.1.1.1", "1::1 1.1.1.1", "1::1 1.1.1.1"),
        ] {
            assert_eq!(order(&parse(addresses), &parse(failed), 0), parse(expected), "{addresses}");
        }
    }

    #[test]
    fn the_addresses_of_a_family_take_turns() {
        let addresses = parse("1::1 1::2 1::3 1.1.1.1 1.1.1.2");
        let firsts: Vec<_> = (0..6).map(|number| order(&addresses, &[], number)[0]).collect();
        assert_eq!(firsts, parse("1::1 1::2 1::3 1::1 1::2 1::3"));
        assert_eq!(order(&addresses, &[], 1), parse("1::2 1.1.1.2 1::3 1.1.1.1 1::1"));
        assert_eq!(order(&addresses, &addresses, usize::MAX).len(), 5);
    }
}
