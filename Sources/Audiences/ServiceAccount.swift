/// Where a Mixpanel project lives, fixed when it is made (Mixpanel's EU residency page).
package enum MixpanelRegion: String, Sendable, Hashable, CaseIterable {
    case us, eu
    case india = "in"
}
