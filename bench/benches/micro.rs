//! Micro-benchmarks of what an upload computes. Run with `bench/run.sh --micro`.

#![expect(clippy::unwrap_used, reason = "a benchmark that panics has failed")]

use std::hint::black_box;

use crc_fast::CrcAlgorithm;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ossmpu::bench_internals::{Listing, Md5Kernel, Signing, combine, md5};
use ossmpu::{Crc64, ETag, PartNumber, SentPart, SignatureVersion};

fn signing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sign an UploadPart");
    for version in [SignatureVersion::V4, SignatureVersion::V1] {
        let mut signing = Signing::upload_part(version).unwrap();
        group.bench_function(format!("{version:?}"), |bencher| {
            bencher.iter(|| signing.sign().unwrap());
        });
    }
}

fn md5_lanes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("MD5 of one message per lane");
    for kernel in Md5Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()) {
        let messages = vec![vec![7u8; MESSAGE]; kernel.lanes()];
        let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
        group.throughput(Throughput::Bytes((MESSAGE * messages.len()) as u64));
        group.bench_function(format!("{kernel:?}, {} lanes", kernel.lanes()), |bencher| {
            bencher.iter(|| md5(kernel, black_box(&messages)).unwrap());
        });
    }
}

fn crc64(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("CRC-64");
    for length in [64, 1 << 10, IO_STEP] {
        let bytes = vec![7u8; length];
        group.throughput(Throughput::Bytes(length as u64));
        group.bench_function(format!("{length} bytes"), |bencher| {
            bencher.iter(|| {
                let mut crc64 = Crc64::new();
                crc64.update(black_box(&bytes));
                crc64.value()
            });
        });
        group.bench_function(format!("{length} bytes, crc-fast"), |bencher| {
            bencher.iter(|| crc_fast::checksum(CrcAlgorithm::Crc64Xz, black_box(&bytes)));
        });
    }
}

fn combination(criterion: &mut Criterion) {
    let parts: Vec<_> = (1..=10_000_u16)
        .map(|number| SentPart {
            number: PartNumber::new(number).unwrap(),
            size: 8 << 20,
            etag: ETag::parse("5D41402ABC4B2A76B9719D911017C592").unwrap(),
            crc64: Some(u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        })
        .collect();
    criterion.bench_function("combine the CRC-64s of 10,000 parts", |bencher| {
        bencher.iter(|| combine(black_box(&parts)).unwrap());
    });
}

fn list_parts(criterion: &mut Criterion) {
    let parts: String = (1..=1000)
        .map(|number| {
            format!(
                "<Part><PartNumber>{number}</PartNumber>\
                 <LastModified>2026-01-15T10:30:00.000Z</LastModified>\
                 <ETag>\"5D41402ABC4B2A76B9719D911017C592\"</ETag><Size>8388608</Size>\
                 <HashCrc64ecma>{}</HashCrc64ecma></Part>",
                u64::MAX - number
            )
        })
        .collect();
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListPartsResult><Bucket>examplebucket</Bucket>\
         <Key>backups/2026/database.tar.zst</Key>\
         <UploadId>0004B9894A22E5B1888A1E29F8236E2D</UploadId>\
         <PartNumberMarker>0</PartNumberMarker><NextPartNumberMarker>1000</NextPartNumberMarker>\
         <MaxParts>1000</MaxParts><IsTruncated>false</IsTruncated>{parts}</ListPartsResult>"
    );
    let listing = Listing::new(&document).unwrap();
    assert_eq!(listing.parse().unwrap().parts.len(), 1000);
    criterion.bench_function("parse a ListParts response of 1,000 parts", |bencher| {
        bencher.iter(|| listing.parse().unwrap());
    });
}

/// Many times the slice that is hashed per lane at once, which fits into the second-level cache.
const MESSAGE: usize = 1 << 20;

/// What an upload reads and sends at once.
const IO_STEP: usize = 112 << 10;

criterion_group!(benches, signing, md5_lanes, crc64, combination, list_parts);
criterion_main!(benches);
