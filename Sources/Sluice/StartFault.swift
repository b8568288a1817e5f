/// Why the gateway cannot start: what is wrong, and what to do. For the operator, never for a client.
package struct StartFault: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
