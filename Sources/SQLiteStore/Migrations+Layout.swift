extension Migrations {
    /// The indexes of people are filled in bulk, and end at a person: until now they had
    /// everybody.
    ///
    /// That of the feed goes by blocks; it is sorted by SQLite, outside of memory.
    static let layout = """
        INSERT INTO meta (name, value)
            SELECT 'indexed_people', coalesce(max(id), 0) FROM person;

        DROP INDEX change_of_person;
        CREATE INDEX change_of_person ON change (\(ChangeFeed.block), person);
        """
}
