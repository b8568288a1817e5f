import Benchmark
import Kernels

/// Times every kernel on this machine. Times pass no judgement: they differ from run to run and from machine to machine.
let benchmarks: @Sendable () -> Void = {
    for kernel in Kernel.all {
        // A thousand times in a row what is so short that reading the clock would show.
        let scaling: BenchmarkScalingFactor = kernel.iterations >= 50 ? .kilo : .one
        let configuration = Benchmark.Configuration(
            metrics: [.wallClock, .throughput], warmupIterations: 2, scalingFactor: scaling, maxDuration: .seconds(1))
        Benchmark(kernel.name, configuration: configuration) { (_, work: Kernel.Work) in
            try work(scaling.rawValue)
        } setup: {
            try kernel.prepare()
        }
    }
}
