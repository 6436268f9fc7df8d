import Audiences
import JSON

extension JSONWriter {
    mutating func startedBulkJob(_ job: BulkJob) {
        beginObject()
        key("id")
        string(String(job.id))
        key("instanceId")
        int(job.instance)
        key("status")
        string(job.status.rawValue)
        endObject()
    }

    /// A job in the words of both versions of the original.
    mutating func bulkJob(_ job: BulkJob) {
        beginObject()
        key("id")
        string(String(job.id))
        key("instanceId")
        int(job.instance)
        key("status")
        string(job.status.rawValue)
        key("jobStatus")
        string(job.status.rawValue)
        key("statusMessage")
        optional(job.message)
        key("objectName")
        string(job.object.rawValue)
        key("jobDirection")
        string("DOWNLOAD")
        for name in ["recordsCount", "recordCount"] as [StaticString] {
            key(name)
            int(job.progress.records)
        }
        for name in ["recordsFailedCount", "errorCount"] as [StaticString] {
            key(name)
            int(job.progress.errors)
        }
        key("jobCriteria")
        string(job.criteria.text)
        key("fileFormat")
        string(job.criteria.format.rawValue)
        key("resumesAt")
        optional(job.resumesAt?.inSeconds)
        key("createdDate")
        int(job.createdAt.milliseconds)
        key("completionTime")
        if let end = job.finishedAt { int(end.milliseconds) } else { null() }
        endObject()
    }
}
