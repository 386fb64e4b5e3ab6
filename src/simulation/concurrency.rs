//! What is checked of requests that are under way at once.

use std::collections::BTreeSet;

use super::service::Message;
use crate::codec::crc64::crc64;

/// The requests under way, and what the parts must be.
#[derive(Debug)]
pub(crate) struct Concurrency {
    /// Draws the times of requests and responses.
    pub(crate) random: fastrand::Rng,
    /// So many parts may be under way at once.
    pub(crate) most_parts: usize,
    plan: Vec<PlannedPart>,
    under_way: Vec<PendingRequest>,
    next: u64,
    completed: BTreeSet<String>,
    copies: u64,
}

#[derive(Debug)]
struct PlannedPart {
    range: (u64, u64),
    /// Before and after the source has changed.
    crc64s: [u64; 2],
}

#[derive(Debug)]
struct PendingRequest {
    id: u64,
    operation: &'static str,
    upload_id: String,
    part: u16,
}

impl Default for Concurrency {
    fn default() -> Self {
        Self {
            random: fastrand::Rng::with_seed(0),
            most_parts: usize::MAX,
            plan: Vec::new(),
            under_way: Vec::new(),
            next: 0,
            completed: BTreeSet::new(),
            copies: 0,
        }
    }
}

impl Concurrency {
    /// Sets what the parts of an object must be.
    pub(crate) fn plan(&mut self, data: &[u8], part_size: usize) {
        let planned = |(index, part): (usize, &[u8])| {
            let first = (index * part_size) as u64;
            let changed: Vec<u8> = part.iter().map(|byte| byte ^ 1).collect();
            let range = (first, first + part.len() as u64 - 1);
            PlannedPart { range, crc64s: [crc64(part), crc64(&changed)] }
        };
        self.plan = data.chunks(part_size).enumerate().map(planned).collect();
    }

    /// A request begins. Returns its number, and what is wrong with it.
    pub(crate) fn begin(&mut self, message: &Message) -> (u64, Option<&'static str>) {
        let wrong = self.wrong(message);
        let Message { operation, upload_id, part, .. } = message;
        if *operation == "CompleteMultipartUpload" {
            self.completed.insert(upload_id.clone());
        }
        let same =
            |request: &PendingRequest| request.operation == *operation && request.part == *part;
        self.copies += u64::from(is_part(operation) && self.under_way.iter().any(same));
        self.next += 1;
        self.under_way.push(PendingRequest {
            id: self.next,
            operation,
            upload_id: upload_id.clone(),
            part: *part,
        });
        (self.next, wrong)
    }

    pub(crate) fn end(&mut self, id: u64) {
        self.under_way.retain(|request| request.id != id);
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.under_way.is_empty()
    }

    /// How often a part was sent while another copy of it was under way.
    pub(crate) fn copies(&self) -> u64 {
        self.copies
    }

    fn wrong(&self, message: &Message) -> Option<&'static str> {
        let Message { operation, upload_id, part, .. } = message;
        let parts = || self.under_way.iter().filter(|request| is_part(request.operation));
        match *operation {
            "AbortMultipartUpload" if parts().any(|request| request.upload_id == *upload_id) => {
                Some("Abort is sent while a part is under way")
            }
            "CompleteMultipartUpload" if parts().any(|request| request.upload_id == *upload_id) => {
                Some("Complete is sent while a part is under way")
            }
            operation if !is_part(operation) => None,
            _ if self.completed.contains(upload_id) => Some("a part is sent after Complete"),
            _ if parts().count() >= self.most_parts => Some("too many parts are under way"),
            _ if parts().filter(|request| request.part == *part).count() > 1 => {
                Some("three copies of a part are under way")
            }
            _ if !self.is_as_planned(message) => Some("a part has other bytes than planned"),
            _ => None,
        }
    }

    fn is_as_planned(&self, message: &Message) -> bool {
        let index = usize::from(message.part).checked_sub(1);
        let Some(planned) = index.and_then(|index| self.plan.get(index)) else { return false };
        let (first, last) = planned.range;
        match message.operation {
            "UploadPart" => {
                message.size == last - first + 1 && planned.crc64s.contains(&message.crc64)
            }
            _ => message.range == Some(planned.range),
        }
    }
}

fn is_part(operation: &str) -> bool {
    matches!(operation, "UploadPart" | "UploadPartCopy")
}
