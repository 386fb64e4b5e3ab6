//! CRC-64/XZ from tables, eight bytes at a time: for all CPUs, and for the last bytes.

use super::POLYNOMIAL;

/// Advances the register over all bytes.
pub(super) fn advance(mut register: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let mixed = (register ^ u64::from_le_bytes(*word)).to_le_bytes();
        let entries = TABLES.iter().rev().zip(mixed);
        register = entries.fold(0, |sum, (table, byte)| sum ^ table[usize::from(byte)]);
    }
    rest.iter().fold(register, |register, byte| {
        TABLES[0][usize::from(register.to_le_bytes()[0] ^ byte)] ^ register >> 8
    })
}

/// Entry n of table k: the register after the byte n and k zero bytes.
const fn tables() -> [[u64; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut k = 0;
    while k < 8 {
        let mut n = 0;
        while n < 256 {
            let mut value = if k == 0 { n as u64 } else { tables[k - 1][n] };
            let mut step = 0;
            while step < 8 {
                value = value >> 1 ^ POLYNOMIAL & (value & 1).wrapping_neg();
                step += 1;
            }
            tables[k][n] = value;
            n += 1;
        }
        k += 1;
    }
    tables
}

static TABLES: [[u64; 256]; 8] = tables();
