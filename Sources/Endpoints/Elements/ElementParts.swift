package import Audiences
package import Mixpanel

/// What the element API is made of, beside the rest.
package struct ElementParts: Sendable {
    package var users: any ElementUserStore
    package var instances: any InstanceStore
    package var jobs: any BulkJobStore
    package var files: BulkFiles
    package var calls: ElementCalls

    package init(
        users: any ElementUserStore, instances: any InstanceStore, jobs: any BulkJobStore,
        files: BulkFiles, calls: ElementCalls
    ) {
        self.users = users
        self.instances = instances
        self.jobs = jobs
        self.files = files
        self.calls = calls
    }
}
