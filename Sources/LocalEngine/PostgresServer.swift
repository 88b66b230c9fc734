internal import Glibc
internal import PostgresClient

/// Memory and durability of the private PostgreSQL.
package enum EngineSize: Sendable {
    /// By the machine's memory.
    case machine
    /// Little memory and no fsync: for tests only, a power cut can cost the data.
    case test
}

/// How the private PostgreSQL is made and configured.
enum PostgresServer {
    static let port = 5432
    static let superuser = "gogotrade"
    static let database = "gogotrade"

    /// The settings beside initdb's defaults.
    ///
    /// Sources: PostgreSQL's documentation, "Resource Consumption"; background workers of TimescaleDB are off, the
    /// program has a schedule of its own.
    static func configuration(size: EngineSize, socketFolder: String) -> String {
        let memory = machineMemory()
        let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        var lines = [
            "listen_addresses = ''",
            "unix_socket_directories = '\(socketFolder)'",
            "unix_socket_permissions = 0700",
            "port = \(port)",
            "shared_preload_libraries = 'timescaledb'",
            "timescaledb.telemetry_level = off",
            "timescaledb.max_background_workers = 0",
            "password_encryption = 'scram-sha-256'",
            "timezone = 'UTC'",
            "log_timezone = 'UTC'",
            "max_connections = 100",
            "max_worker_processes = \(8 + cores)",
            "max_parallel_workers_per_gather = \(min(4, max(1, cores / 2)))",
            "max_parallel_workers = \(cores)",
            "jit = off",
            "max_locks_per_transaction = 256",
            "log_min_messages = warning",
            "log_line_prefix = '%m [%p] '",
        ]
        switch size {
        case .machine:
            let shared = min(max(memory / 8, 128), 8192)
            lines += [
                "shared_buffers = \(shared)MB",
                "effective_cache_size = \(max(memory / 2, 256))MB",
                "maintenance_work_mem = \(min(max(memory / 32, 64), 1024))MB",
                "work_mem = 16MB",
                "synchronous_commit = on",
                "wal_compression = on",
                "max_wal_size = 4GB",
                "checkpoint_completion_target = 0.9",
            ]
        case .test:
            lines += [
                "shared_buffers = 64MB", "fsync = off", "max_wal_size = 1GB", "work_mem = 8MB",
                // Many tests at once, each with pools of its own.
                "max_connections = 500",
            ]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    static func initdbArguments(_ programs: ServerPrograms, dataFolder: String, passwordFile: String) -> [String] {
        var arguments = [
            programs.program("initdb"), "-D", dataFolder, "-U", superuser, "-A", "scram-sha-256",
            "--pwfile", passwordFile, "-E", "UTF8", "--locale=C", "--data-checksums",
        ]
        // The built-in provider sorts by code point, whatever the machine's libraries; it is there from 17 on.
        if programs.majorVersion >= 17 { arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] }
        return arguments
    }

    static func address(socketFolder: String, password: String) -> PostgresConfiguration {
        PostgresConfiguration(
            host: socketFolder,
            port: port,
            database: database,
            user: superuser,
            password: PostgresSecret(password)
        )
    }

    /// The machine's memory in MiB.
    private static func machineMemory() -> Int {
        sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) / (1 << 20)
    }
}
