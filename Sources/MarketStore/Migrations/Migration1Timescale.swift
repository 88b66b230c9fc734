extension Migration {
    static let timescale = Migration(
        number: 1,
        name: "the TimescaleDB extension",
        sql: """
            CREATE EXTENSION IF NOT EXISTS timescaledb;
            """
    )
}
