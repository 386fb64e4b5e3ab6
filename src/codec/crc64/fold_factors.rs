//! What carry-less multiplication needs to compute a CRC-64.
//!
//! The kernels fold as in Intel's "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ":
//! registers of 128 bits move over the bytes, are folded into one, and that is reduced to 64 bits
//! after Barrett. All polynomials are reflected: the lowest bit is the highest power.

use super::{ONE, POLYNOMIAL};

/// What the lower and the upper half of a register are multiplied by to move it on by so many
/// bytes. A product has one bit less than a register.
pub(super) const fn fold_factors(bytes: u32) -> (u64, u64) {
    (power(bytes * 8 + 63), power(bytes * 8 - 1))
}

/// What the lower half is multiplied by to fold it into the upper one.
pub(super) const HALF_FACTOR: u64 = power(127);

/// The 64 lowest bits of the inverse of the divisor, with which Barrett's reduction multiplies.
pub(super) const INVERSE: u64 = inverse();

/// The polynomial with its leading term, without its last one.
pub(super) const DIVISOR: u64 = POLYNOMIAL << 1 | 1;

/// x^n modulo the polynomial.
const fn power(n: u32) -> u64 {
    let mut value = ONE;
    let mut step = 0;
    while step < n {
        value = value >> 1 ^ POLYNOMIAL & (value & 1).wrapping_neg();
        step += 1;
    }
    value
}

const fn inverse() -> u64 {
    let (mut inverse, mut rest, mut bit) = (0, 1_u64, 0);
    while bit < u64::BITS {
        if rest >> bit & 1 == 1 {
            inverse |= 1 << bit;
            rest ^= DIVISOR << bit;
        }
        bit += 1;
    }
    inverse
}
