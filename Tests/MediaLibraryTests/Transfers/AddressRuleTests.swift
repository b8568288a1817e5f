import Testing
import UploadModel

@testable import MediaLibrary

@Suite struct AddressRuleTests {
    /// Both ends of every refused range, and what lies beside it.
    @Test(arguments: [
        ("0.0.0.0", false), ("0.255.255.255", false), ("1.0.0.0", true),
        ("9.255.255.255", true), ("10.0.0.0", false), ("10.255.255.255", false), ("11.0.0.0", true),
        ("100.63.255.255", true), ("100.64.0.0", false), ("100.127.255.255", false), ("100.128.0.0", true),
        ("126.255.255.255", true), ("127.0.0.0", false), ("127.0.0.1", false), ("127.255.255.255", false),
        ("128.0.0.0", true),
        ("169.253.255.255", true), ("169.254.0.0", false), ("169.254.169.254", false), ("169.254.255.255", false),
        ("169.255.0.0", true),
        ("172.15.255.255", true), ("172.16.0.0", false), ("172.31.255.255", false), ("172.32.0.0", true),
        ("191.255.255.255", true), ("192.0.0.0", false), ("192.0.0.255", false), ("192.0.1.0", true),
        ("192.0.1.255", true), ("192.0.2.0", false), ("192.0.2.255", false), ("192.0.3.0", true),
        ("192.88.98.255", true), ("192.88.99.0", false), ("192.88.99.255", false), ("192.88.100.0", true),
        ("192.167.255.255", true), ("192.168.0.0", false), ("192.168.255.255", false), ("192.169.0.0", true),
        ("198.17.255.255", true), ("198.18.0.0", false), ("198.19.255.255", false), ("198.20.0.0", true),
        ("198.51.99.255", true), ("198.51.100.0", false), ("198.51.100.255", false), ("198.51.101.0", true),
        ("203.0.112.255", true), ("203.0.113.0", false), ("203.0.113.255", false), ("203.0.114.0", true),
        ("223.255.255.255", true), ("224.0.0.0", false), ("239.255.255.255", false), ("240.0.0.0", false),
        ("255.255.255.254", false), ("255.255.255.255", false), ("8.8.8.8", true),
    ])
    func `of IPv4 only what the Internet reaches`(text: String, permitted: Bool) throws {
        let address = try #require(IPAddress(text))
        #expect(AddressRule().permits(address) == permitted)
        // Another spelling of the same address, and its translation, are judged as it is.
        #expect(AddressRule().permits(try #require(IPAddress("::ffff:" + text))) == permitted)
        #expect(AddressRule().permits(try #require(IPAddress("64:ff9b::" + text))) == permitted)
        // These only look alike.
        for prefix in ["::", "::ffff:0:", "64:ff9b:1::", "64:ff9b:0:0:0:1:", "fe80::5efe:", "::1:ffff:"] {
            #expect(!AddressRule().permits(try #require(IPAddress(prefix + text))), "\(prefix)")
        }
        #expect(AddressRule.anywhere.permits(address))
    }

    @Test(arguments: [
        ("::", false), ("::1", false), ("::2", false), ("::808:808", false), ("100::", false), ("100::1", false),
        ("1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false), ("2000::", true),
        ("2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true),
        ("2001::", false), ("2001::1", false), ("2001:0:53aa:64c:0:0:0:1", false), ("2001:10::1", false),
        ("2001:20::1", false), ("2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", false), ("2001:200::", true),
        ("2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", true), ("2001:db8::", false), ("2001:db8:ffff::1", false),
        ("2001:db9::", true), ("2001:4860:4860::8888", true), ("2001:ffff::", true),
        ("2002::", false), ("2002:7f00:1::", false), ("2002:808:808::1", false), ("2002:ffff:ffff::", false),
        ("2003::", true), ("2606:4700::1111", true), ("2a00:1450::1", true),
        ("3ffe:ffff::", true), ("3fff::", false), ("3fff:fff:ffff::", false), ("3fff:1000::", true),
        ("3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true), ("4000::", false), ("5f00::1", false),
        ("fc00::", false), ("fd00::1", false), ("fdff:ffff::", false), ("fe80::1", false), ("febf::1", false),
        ("fec0::1", false), ("ff02::1", false), ("ff0e::1", false),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false),
    ])
    func `of IPv6 only what the Internet reaches`(text: String, permitted: Bool) throws {
        let address = try #require(IPAddress(text))
        #expect(AddressRule().permits(address) == permitted)
        #expect(!AddressRule().permits(address, scope: 2))
        #expect(AddressRule.anywhere.permits(address, scope: 2))
    }

    @Test(arguments: [
        (["10.0.0.0/8"], "10.1.2.3", true), (["10.0.0.0/8"], "11.0.0.1", true),
        (["10.0.0.0/8"], "192.168.0.1", false), (["10.0.0.0/8"], "::ffff:10.1.2.3", true),
        (["10.0.0.0/8"], "::ffff:192.168.0.1", false), (["10.0.0.0/8"], "64:ff9b::10.1.2.3", true),
        (["10.0.0.0/8"], "::10.1.2.3", false), (["10.1.2.3"], "10.1.2.3", true), (["10.1.2.3"], "10.1.2.4", false),
        (["127.0.0.2/32"], "127.0.0.1", false), (["127.0.0.2/32"], "127.0.0.2", true),
        (["fd00::/8"], "fd12::1", true), (["fd00::/8"], "fc00::1", false), (["fd00::/8"], "10.0.0.1", false),
        (["::1"], "::1", true), (["::1"], "::2", false), (["::1"], "127.0.0.1", false),
        (["10.0.0.0/8", "fd00::/8"], "fd12::1", true), ([], "10.0.0.1", false),
        (["0.0.0.0/0"], "127.0.0.1", true), (["0.0.0.0/0"], "::1", false), (["::/0"], "::1", true),
        (["::/0"], "127.0.0.1", false), (["10.0.0.4/30"], "10.0.0.7", true), (["10.0.0.4/30"], "10.0.0.8", false),
    ])
    func `the operator allows ranges besides`(ranges: [String], text: String, permitted: Bool) throws {
        let rule = AddressRule(allowing: try ranges.map { try #require(AddressRange($0)) })
        let address = try #require(IPAddress(text))
        #expect(rule.permits(address) == permitted)
        #expect(rule.permits(address, scope: 1) == false)
    }

    @Test(
        arguments: [
            ("", nil), ("10.0.0.0/8", true), ("10.0.0.0/0", nil), ("0.0.0.0/0", true), ("10.0.0.1/8", nil),
            ("10.0.0.0/33", nil), ("10.0.0.0/", nil), ("10.0.0.0/-1", nil), ("10.0.0.0/+8", nil), ("10.0.0.0/8/8", nil),
            ("10.0.0/8", nil), ("fd00::/8", true), ("fd00::/129", nil), ("fd00::1/128", true), ("fd00::1/127", nil),
            ("::/0", true), ("/8", nil), ("10.0.0.0 /8", nil), ("localhost", nil), ("10.0.0.0/0008", nil),
            ("[::1]", nil), ("fe80::1%2", nil),
        ] as [(String, Bool?)])
    func `a range is read strictly`(text: String, isRange: Bool?) {
        #expect((AddressRange(text) != nil) == (isRange == true))
    }

    @Test(
        arguments: [
            ("1.2.3.4", IPAddress.v4(0x0102_0304)), ("255.255.255.255", .v4(.max)), ("0.0.0.0", .v4(0)),
            ("1.2.3", nil), ("1.2.3.4.5", nil), ("01.2.3.4", nil), ("1.2.3.256", nil), ("1.2.3.+4", nil),
            ("0x1.2.3.4", nil),
            ("1.2.3.", nil), (" 1.2.3.4", nil), ("1.2.3.4\n", nil), ("16909060", nil), ("١.2.3.4", nil),
            ("::", .v6(0)), ("::1", .v6(1)), ("1::", .v6(1 << 112)),
            ("1:2:3:4:5:6:7:8", .v6(0x1_0002_0003_0004_0005_0006_0007_0008)),
            ("FFFF::", .v6(0xFFFF << 112)), ("::ffff:1.2.3.4", .v6(0xFFFF_0102_0304)),
            ("1:2:3:4:5:6:1.2.3.4", .v6(0x1_0002_0003_0004_0005_0006_0102_0304)),
            ("1::2::3", nil), (":::", nil), (":1", nil), ("1:", nil), ("1:2:3:4:5:6:7", nil),
            ("1:2:3:4:5:6:7:8:9", nil),
            ("1:2:3:4::5:6:7:8", nil), ("12345::", nil), ("g::", nil), ("+1::", nil), ("::1.2.3", nil),
            ("1.2.3.4::", nil),
            ("::1.2.3.4:5", nil), ("1:2:3:4:5:6:7:1.2.3.4", nil), ("fe80::1%eth0", nil), (":", nil), ("", nil),
        ] as [(String, IPAddress?)])
    func `an address is read strictly`(text: String, address: IPAddress?) {
        #expect(IPAddress(text) == address)
        if let address { #expect(IPAddress(address.description) == address) }
    }

    @Test func `what the operator denies is refused, also inside what he allows`() throws {
        let rule = AddressRule(
            allowing: [try #require(AddressRange("10.0.0.0/8"))],
            denying: [try #require(AddressRange("10.1.0.0/16")), try #require(AddressRange("8.8.0.0/16"))])
        for (text, permitted) in [("10.2.0.1", true), ("10.1.0.1", false), ("8.8.8.8", false), ("8.9.0.1", true)] {
            #expect(rule.permits(try #require(IPAddress(text))) == permitted, "\(text)")
        }
        #expect(!rule.permits(try #require(IPAddress("::ffff:10.1.0.1"))))
    }

    @Test func `the machine's own addresses are refused unless they are allowed`() throws {
        let public4 = try #require(IPAddress("8.8.8.8"))
        #expect(AddressRule().permits(public4))
        #expect(!AddressRule().permits(public4, isOwn: true))
        #expect(AddressRule(allowing: [try #require(AddressRange("8.8.8.8"))]).permits(public4, isOwn: true))
        #expect(AddressRule.anywhere.permits(public4, isOwn: true))
    }
}
