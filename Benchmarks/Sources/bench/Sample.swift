import Foundation

/// How long requests took, in milliseconds.
struct Latency: Codable {
    var p50 = 0.0
    var p95 = 0.0
    var p99 = 0.0
    var max = 0.0

    init(p50: Double, p95: Double, p99: Double, max: Double) {
        (self.p50, self.p95, self.p99, self.max) = (p50, p95, p99, max)
    }

    init(of milliseconds: [Double]) {
        p50 = Statistics.quantile(milliseconds, 0.5)
        p95 = Statistics.quantile(milliseconds, 0.95)
        p99 = Statistics.quantile(milliseconds, 0.99)
        max = milliseconds.max() ?? 0
    }
}

/// What is comparable: one way of loading at one place.
struct Series: Codable, Hashable {
    let workload: WorkloadName
    let place: Place
    /// Tells series of one workload apart; empty where there is but one.
    var variant = ""
}

extension WorkloadName: Codable {}

/// One server in one round.
struct Sample: Codable {
    let series: Series
    let server: String
    let promise: String
    let isDurable: Bool
    let round: Int
    var requests = 0
    /// Requests that were not answered as they should.
    var failures = 0
    /// Of bodies, the way that is measured.
    var bytes: Int64 = 0
    /// Until the last answer.
    var seconds = 0.0
    /// Until the last answer and a `sync -f` behind it.
    var secondsToDevice: Double?
    var milliseconds = Latency(of: [])
    var cpu = CPUTime()
    var peakResidentBytes: Int64 = 0
    var clientCPUSeconds = 0.0
    var residentBytesPerConnection: Double?
    /// Every single call, where there are few.
    var callMilliseconds: [Double]?

    init(_ series: Series, _ server: any Server, round: Int) {
        self.series = series
        self.server = server.name
        promise = series.place == .memory ? "memory" : server.promise
        isDurable = server.isDurable
        self.round = round
    }

    mutating func take(_ result: Load.Result, expecting statuses: Set<Int>) {
        requests = result.requests
        failures = result.failures(expecting: statuses)
        bytes = max(result.bytesSent, result.bytesReceived)
        seconds = result.seconds
        milliseconds = result.milliseconds
        clientCPUSeconds = result.cpuSeconds
    }
}

/// The medians of one server in one series.
struct Row: Codable {
    let series: Series
    let server: String
    let promise: String
    let isDurable: Bool
    let rounds: Int
    let failures: Int
    let bytesPerSecond: Double
    let leastBytesPerSecond: Double
    let mostBytesPerSecond: Double
    let deviceBytesPerSecond: Double?
    let requestsPerSecond: Double
    let milliseconds: Latency
    /// CPU seconds per GiB of bodies; 0 where there are none to speak of.
    let userPerGiB: Double
    let systemPerGiB: Double
    let cpuPerGiB: Double
    let cpuSeconds: Double
    let requestsPerCPUSecond: Double
    let peakResidentBytes: Double
    let clientCPUPerGiB: Double
    let residentBytesPerConnection: Double?

    init?(_ samples: [Sample]) {
        guard let first = samples.first else { return nil }
        func median(_ value: (Sample) -> Double?) -> Double? {
            let values = samples.compactMap(value)
            return values.isEmpty ? nil : Statistics.median(values)
        }
        func perGiB(_ seconds: @escaping (Sample) -> Double) -> Double {
            median { $0.bytes < 1 << 20 ? nil : seconds($0) / (Double($0.bytes) / Double(1 << 30)) } ?? 0
        }
        series = first.series
        server = first.server
        promise = first.promise
        isDurable = first.isDurable
        rounds = samples.count
        failures = samples.reduce(0) { $0 + $1.failures }
        let speeds = samples.map { Statistics.ratio(Double($0.bytes), $0.seconds) }
        bytesPerSecond = Statistics.median(speeds)
        leastBytesPerSecond = speeds.min() ?? 0
        mostBytesPerSecond = speeds.max() ?? 0
        deviceBytesPerSecond = median { sample in
            // A memory file system has no device to wait for.
            sample.series.place == .memory
                ? nil : sample.secondsToDevice.map { Statistics.ratio(Double(sample.bytes), $0) }
        }
        requestsPerSecond = median { Statistics.ratio(Double($0.requests), $0.seconds) } ?? 0
        milliseconds = Latency(
            p50: median { $0.milliseconds.p50 } ?? 0, p95: median { $0.milliseconds.p95 } ?? 0,
            p99: median { $0.milliseconds.p99 } ?? 0, max: median { $0.milliseconds.max } ?? 0)
        userPerGiB = perGiB { $0.cpu.user }
        systemPerGiB = perGiB { $0.cpu.system }
        cpuPerGiB = perGiB { $0.cpu.total }
        cpuSeconds = median { $0.cpu.total } ?? 0
        requestsPerCPUSecond = median { Statistics.ratio(Double($0.requests), $0.cpu.total) } ?? 0
        peakResidentBytes = median { Double($0.peakResidentBytes) } ?? 0
        clientCPUPerGiB = perGiB { $0.clientCPUSeconds }
        residentBytesPerConnection = median { $0.residentBytesPerConnection }
    }

    /// The rows of all samples, in the order in which series and servers first came.
    static func all(_ samples: [Sample]) -> [Row] {
        var order: [[String]: Int] = [:]
        var groups: [[Sample]] = []
        for sample in samples {
            let key = [
                sample.series.workload.rawValue, sample.series.place.rawValue, sample.series.variant, sample.server,
            ]
            if let index = order[key] {
                groups[index].append(sample)
            } else {
                order[key] = groups.count
                groups.append([sample])
            }
        }
        return groups.compactMap { Row($0) }
    }
}
