import Foundation

/// Whether this machine has an IPv6 loopback; some containers do not.
package let hasIPv6: Bool = {
    let addresses = try? String(contentsOfFile: "/proc/net/if_inet6", encoding: .utf8)
    return addresses?.contains(String(repeating: "0", count: 31) + "1 ") ?? false
}()
