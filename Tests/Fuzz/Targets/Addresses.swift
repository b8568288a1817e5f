import Foundation
import UploadModel

@testable import MediaLibrary

/// Addresses and URLs that a client names: read as the system reads them, and never two ways.
enum Addresses {
    static func check(_ bytes: [UInt8]) throws {
        let input = FuzzInput(bytes)
        let lines = input.lines(2)
        try checkAddress(lines[0])
        try checkURL(lines[0], lines[1])
    }

    private static func checkAddress(_ text: String) throws {
        let address = IPAddress(text)
        if !text.utf8.contains(0) {
            try claim((address != nil) == isAddress(text), "\(text) is \(address?.description ?? "no address")")
        }
        guard let address else { return }
        try claim(IPAddress(address.description) == address, "\(address) is read as another")
        let rule = AddressRule()
        if case .v4(let bits) = address {
            for prefix in [UInt128(0xFFFF), 0x0064_FF9B << 64] {
                let other = IPAddress.v6(prefix << 32 | UInt128(bits))
                try claim(rule.permits(other) == rule.permits(address), "\(other) is judged otherwise than \(address)")
            }
        }
        guard let range = AddressRange(text) else { throw Violation(description: "\(text) is no range") }
        try claim(range.contains(address), "\(address) is not in its own range")
        try claim(AddressRule(allowing: [range]).permits(address), "\(address) is not allowed by its own range")
        try claim(!AddressRule(denying: [range]).permits(address), "\(address) is not denied by its own range")
    }

    private static func isAddress(_ text: String) -> Bool {
        var room = in6_addr()
        return inet_pton(text.contains(":") ? AF_INET6 : AF_INET, text, &room) == 1
    }

    private static func checkURL(_ text: String, _ location: String) throws {
        guard let url = try? FetchURL(text) else { return }
        try checkParts(url)
        guard let next = try? url.following(location) else { return }
        try checkParts(next)
    }

    private static func checkParts(_ url: FetchURL) throws {
        for text in [url.text, url.origin] {
            let isWeb = ["http://", "https://"].contains { text.utf8.starts(with: $0.utf8) }
            try claim(isWeb, "\(text) is asked")
        }
        try claim(url.path.utf8.first == UInt8(ascii: "/"), "\(url.path) is no path")
        try claim(url.text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }, "\(url.text) is not encoded")
        // Encoding may have made it longer than what is taken.
        guard let again = try? FetchURL(url.text) else {
            return try claim(url.text.utf8.count > FetchURL.maximumGivenBytes, "\(url.text) is not taken again")
        }
        try claim(again == url, "\(url) is read as \(again)")
    }
}
