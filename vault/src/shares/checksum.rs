//! RS1024, the checksum of a share: three symbols, by which every error in up to three words is found, and every swap of
//! two.

/// The symbols of the checksum.
pub(super) const CHECKSUM: usize = 3;

/// What is before the symbols of a share, so that no other code agrees with it.
const CUSTOMIZATION: [&[u8]; 2] = [b"shamir", b"shamir_extendable"];

const GENERATOR: [u32; 10] = [
    0x00e0_e040,
    0x01c1_c080,
    0x0383_8100,
    0x0707_0200,
    0x0e0e_0009,
    0x1c0c_2412,
    0x3808_6c24,
    0x3090_fc48,
    0x21b1_f890,
    0x03f3_f120,
];

/// Says whether the last symbols are the checksum of those before.
pub(super) fn holds(symbols: &[u16], is_extendable: bool) -> bool {
    remainder(symbols, is_extendable) == 1
}

/// Puts the checksum into the last symbols.
pub(super) fn put(symbols: &mut [u16], is_extendable: bool) {
    let end = symbols.len().saturating_sub(CHECKSUM);
    symbols.iter_mut().skip(end).for_each(|symbol| *symbol = 0);
    let checksum = remainder(symbols, is_extendable) ^ 1;
    for (symbol, shift) in symbols.iter_mut().skip(end).zip([20, 10, 0]) {
        *symbol = u16::try_from(checksum >> shift & 1023).unwrap_or_default();
    }
}

fn remainder(symbols: &[u16], is_extendable: bool) -> u32 {
    let [original, extendable] = CUSTOMIZATION;
    let before = if is_extendable { extendable } else { original };
    let before = before.iter().map(|byte| u32::from(*byte));
    let all = before.chain(symbols.iter().map(|symbol| u32::from(*symbol)));
    all.fold(1, |sum, symbol| {
        let shifted = (sum & 0xf_ffff) << 10 ^ symbol;
        let high = sum >> 20;
        let terms = GENERATOR.iter().enumerate();
        terms.fold(shifted, |sum, (bit, term)| {
            sum ^ term & (high >> bit & 1).wrapping_neg()
        })
    })
}
