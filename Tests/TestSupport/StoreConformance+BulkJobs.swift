import Audiences

/// Bulk jobs, and whoever works on them.
extension StoreConformance {
    static let bulkJobs: [StoreCase] = [
        StoreCase("a bulk job is read back as it was made, by its instance only") { rig in
            let instance = try await rig.instance(1)
            var job = BulkJob(
                instance: instance.id, object: .activities,
                criteria: BulkJob.Criteria(
                    text: "select * from activities", expression: "1 == 1", from: .start,
                    to: .start.after(9), limit: 7, dropsNulls: false, format: .csv),
                createdAt: .start)
            let made = try await rig.store.start(job)
            job.id = made.id
            try expect(made, job)
            try expect(try await rig.store.bulkJob(made.id, of: instance.id), job)
            try expect(try await rig.store.bulkJob(made.id, of: instance.id + 1), nil)
            try await expect(.notFound) {
                job.instance += 1
                _ = try await rig.store.start(job)
            }
        },
        StoreCase("bulk jobs are listed newest first") { rig in
            let instance = try await rig.instance(1)
            var made: [Int64] = []
            for _ in 0..<3 { made.append(try await rig.job(of: instance).id) }
            _ = try await rig.job(of: try await rig.instance(2))
            let page = try await rig.store.bulkJobs(of: instance.id, ListRange(limit: 2))
            let rest = try await rig.store.bulkJobs(
                of: instance.id, ListRange(after: page.next, limit: 2))
            try expect((page.items + rest.items).map(\.id), made.reversed())
            try expect(rest.next, nil)
        },
        StoreCase("an instance may have twenty bulk jobs that are not finished") { rig in
            let instance = try await rig.instance(1)
            let first = try await rig.job(of: instance)
            for _ in 1..<Limits.openBulkJobsMax { _ = try await rig.job(of: instance) }
            try await expect(.conflict) { _ = try await rig.job(of: instance) }
            _ = try await rig.store.cancelBulkJob(first.id, of: instance.id, at: .start)
            _ = try await rig.job(of: instance)
        },
        StoreCase("one worker at a time has a bulk job, the oldest first") { rig in
            let instance = try await rig.instance(1)
            let (first, second) = (
                try await rig.job(of: instance), try await rig.job(of: instance)
            )
            try expect(try await rig.claimJob("a")?.job.id, first.id)
            let claimed = try await rig.claimJob("b")
            try expect(claimed?.job.id, second.id)
            try expect(claimed?.job.status, .running)
            try expect(claimed?.instance, instance)
            try expect(try await rig.claimJob("c")?.job.id, nil)
            // The lease of the first is over.
            let later = Timestamp.start.after(minutes: 3)
            try expect(try await rig.claimJob("c", at: later)?.job.id, first.id)
            try await expect(.conflict) { try await rig.keepJob(first.id, by: "a") }
            try await rig.keepJob(first.id, by: "c")
        },
        StoreCase("the progress of a bulk job is kept, and the lease renewed with it") { rig in
            let instance = try await rig.instance(1)
            let job = try await rig.job(of: instance)
            _ = try await rig.claimJob("a")
            let progress = BulkJob.Progress(
                records: 3, keptRecords: 1, errors: 2, errorMessages: ["one", "two"], bytes: 99,
                steps: 4,
                queryID: "q", restarts: 1)
            try await rig.store.keep(
                progress, ofBulkJob: job.id, by: "a", until: .start.after(minutes: 9))
            try expect(
                try await rig.store.bulkJob(job.id, of: instance.id)?.progress, progress)
            let later = Timestamp.start.after(minutes: 8)
            try expect(try await rig.claimJob("b", at: later)?.job.id, nil)
        },
        StoreCase("a bulk job that waits is due when it says") { rig in
            let instance = try await rig.instance(1)
            let job = try await rig.job(of: instance)
            _ = try await rig.claimJob("a")
            let noon = Timestamp.start.after(hours: 4)
            try await rig.store.concludeBulkJob(
                job.id, as: .running, message: "Waits.", resumesAt: noon, by: "a", at: .start)
            let waiting = try await rig.store.bulkJob(job.id, of: instance.id)
            try expect(waiting?.message, "Waits.")
            try expect(waiting?.resumesAt, noon)
            try expect(try await rig.claimJob("b", at: noon.after(-1))?.job.id, nil)
            let claimed = try await rig.claimJob("b", at: noon)
            try expect(claimed?.job.message, nil)
            try expect(claimed?.job.resumesAt, nil)
        },
        StoreCase("a bulk job that ended is nobody's, and can't be cancelled") { rig in
            let instance = try await rig.instance(1)
            let job = try await rig.job(of: instance)
            _ = try await rig.claimJob("a")
            try await rig.store.concludeBulkJob(
                job.id, as: .aborted, message: "No.", resumesAt: nil, by: "a",
                at: .start.after(1))
            let ended = try await rig.store.bulkJob(job.id, of: instance.id)
            try expect(ended?.status, .aborted)
            try expect(ended?.message, "No.")
            try expect(ended?.finishedAt, .start.after(1))
            try await expect(.conflict) { try await rig.keepJob(job.id, by: "a") }
            try await expect(.conflict) {
                _ = try await rig.store.cancelBulkJob(job.id, of: instance.id, at: .start)
            }
            try expect(try await rig.claimJob("b", at: .start.after(hours: 9))?.job.id, nil)
        },
        StoreCase("a cancelled bulk job is taken from its worker") { rig in
            let instance = try await rig.instance(1)
            let job = try await rig.job(of: instance)
            _ = try await rig.claimJob("a")
            try await expect(.notFound) {
                _ = try await rig.store.cancelBulkJob(job.id, of: 99, at: .start)
            }
            let cancelled = try await rig.store.cancelBulkJob(
                job.id, of: instance.id, at: .start)
            try expect(cancelled.status, .cancelled)
            try expect(cancelled.finishedAt, .start)
            try await expect(.conflict) { try await rig.keepJob(job.id, by: "a") }
            try await expect(.conflict) {
                try await rig.store.concludeBulkJob(
                    job.id, as: .completed, message: nil, resumesAt: nil, by: "a", at: .start)
            }
        },
        StoreCase("bulk jobs are forgotten when they ended long ago") { rig in
            let instance = try await rig.instance(1)
            let (old, open) = (try await rig.job(of: instance), try await rig.job(of: instance))
            _ = try await rig.store.cancelBulkJob(old.id, of: instance.id, at: .start)
            while try await rig.store.forgetBulkJobs(endedBefore: .start) {}
            try expect(
                try await rig.store.bulkJob(old.id, of: instance.id)?.status, .cancelled)
            while try await rig.store.forgetBulkJobs(endedBefore: .start.after(1)) {}
            try expect(try await rig.store.bulkJob(old.id, of: instance.id), nil)
            try expect(try await rig.store.bulkJob(open.id, of: instance.id)?.id, open.id)
        },
        StoreCase("files are needed of bulk jobs that go on or came to their end") { rig in
            let instance = try await rig.instance(1)
            let ends: [BulkJob.Status] = [.completed, .aborted]
            var jobs: [Int64] = []
            for end in ends {
                jobs.append(try await rig.job(of: instance).id)
                _ = try await rig.claimJob("a")
                try await rig.store.concludeBulkJob(
                    jobs[jobs.count - 1], as: end, message: nil, resumesAt: nil, by: "a",
                    at: .start)
            }
            jobs.append(try await rig.job(of: instance).id)
            _ = try await rig.store.cancelBulkJob(jobs[2], of: instance.id, at: .start)
            jobs.append(try await rig.job(of: instance).id)
            _ = try await rig.claimJob("a")
            jobs.append(try await rig.job(of: instance).id)
            try expect(
                try await rig.store.bulkJobsWithFiles(among: jobs + [99]),
                [jobs[0], jobs[3], jobs[4]])
        },
        StoreCase("a renewed lease holds a bulk job for as long as it says") { rig in
            let instance = try await rig.instance(1)
            let job = try await rig.job(of: instance)
            _ = try await rig.claimJob("a")
            let end = Timestamp.start.after(minutes: 9)
            try await rig.store.renewBulkJob(job.id, by: "a", until: end)
            try await expect(.conflict) {
                try await rig.store.renewBulkJob(job.id, by: "b", until: end)
            }
            try expect(try await rig.claimJob("b", at: end.after(-1))?.job.id, nil)
            try expect(try await rig.claimJob("b", at: end)?.job.id, job.id)
            try await expect(.conflict) {
                try await rig.store.renewBulkJob(job.id, by: "a", until: end)
            }
        },
    ]
}

extension StoreRig {
    fileprivate func claimJob(
        _ worker: String, at time: Timestamp = .start
    ) async throws -> ClaimedBulkJob? {
        try await store.claimBulkJob(until: time.after(minutes: 3), by: worker, at: time)
    }

    fileprivate func keepJob(_ id: Int64, by worker: String) async throws {
        try await store.keep(
            BulkJob.Progress(), ofBulkJob: id, by: worker, until: .start.after(minutes: 9))
    }
}
