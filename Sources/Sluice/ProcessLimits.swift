#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the system lets this process have.
enum ProcessLimits {
    /// Raises the number of open files to the most that is allowed; answers how many that are.
    static func raiseDescriptors() -> Int {
        var limit = rlimit()
        #if canImport(Glibc)
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0 else { return 1024 }
        limit.rlim_cur = limit.rlim_max
        if setrlimit(resource, &limit) != 0 { _ = getrlimit(resource, &limit) }
        return Int(clamping: limit.rlim_cur)
    }
}
