namespace Banyan.Control.Store.Persistence;

/// <summary>
/// Advisory locks of the database, each with a number of its own: who holds one for long must hold up nobody else.
/// </summary>
internal static class PostgresLocks
{
    /// <summary>Serialises those who bring the tables up to date.</summary>
    public const long Schema = First + 1;

    /// <summary>Held by the one replica that derives state for all, as long as it leads.</summary>
    public const long Leader = First + 2;

    /// <summary>Held while reports are added up: two must not read the same sum.</summary>
    public const long Reports = First + 3;

    /// <summary>Any number that nobody else takes.</summary>
    private const long First = 0x62616e79616e00;
}
