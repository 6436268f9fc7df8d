import Audiences
import JSON

// What apps are told. Nothing here may be of another person, or of an audience.

extension JSONWriter {
    mutating func configuration(_ configuration: LaunchConfiguration, lifeSeconds: Int) {
        beginObject()
        key("ttl_seconds")
        int(lifeSeconds)
        key("triggers")
        beginArray()
        for event in configuration.events {
            beginObject()
            key("event_name")
            string(event.text)
            endObject()
        }
        endArray()
        key("pending_invite")
        if let pending = configuration.pending { invitation(pending) } else { null() }
        endObject()
    }

    /// Texts that the operator left blank are left out: the SDK has its own.
    mutating func invitation(_ invitation: LaunchOffer.Invitation) {
        beginObject()
        key("invite_code")
        string(invitation.invite.code.text)
        key("source")
        string(invitation.invite.source.rawValue)
        key("prompt")
        beginObject()
        let prompt = invitation.prompt
        for (name, text) in [
            ("title", prompt.title), ("message", prompt.message),
            ("start_label", prompt.startLabel), ("dismiss_label", prompt.dismissLabel),
        ] {
            guard let text else { continue }
            key(utf8: name.utf8)
            string(text)
        }
        endObject()
        endObject()
    }

    mutating func launch(_ invitation: LaunchOffer.Invitation, url: String) {
        beginObject()
        key("decision")
        string(invitation.opensIn.rawValue)
        key("launch_url")
        string(url)
        key("invite")
        self.invitation(invitation)
        endObject()
    }

    mutating func launch(refusedFor reason: String) {
        beginObject()
        key("decision")
        string("not_eligible")
        key("reason")
        string(reason)
        endObject()
    }

    mutating func report(of invite: Invite) {
        beginObject()
        key("invite")
        beginObject()
        key("invite_code")
        string(invite.code.text)
        key("status")
        string(invite.status.rawValue)
        endObject()
        endObject()
    }
}
