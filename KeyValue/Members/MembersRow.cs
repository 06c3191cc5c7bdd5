namespace Quorleans.KeyValue.Members;

/// <summary>
/// A silo's row in the membership table: what the table's rules look at, and beside it an entry that only Orleans understands. All times are in the
/// group's log time, and may lie before its beginning.
/// </summary>
public sealed record MembersRow
{
    /// <summary>The number that Orleans gives to the status of a dead silo.</summary>
    public const int Dead = 6;

    /// <summary>The silo's address with its generation: the row's key.</summary>
    public required string Silo { get; init; }

    /// <summary>The node that the silo hosts.</summary>
    public required string Node { get; init; }

    /// <summary>The silo's status, as Orleans numbers it.</summary>
    public required int Status { get; init; }

    /// <summary>Changes with each insert and update of the row, and with nothing else; never used twice.</summary>
    public long Etag { get; init; }

    /// <summary>When the row was inserted or updated last: the entry's own times count from it.</summary>
    public long WrittenMs { get; init; }

    /// <summary>When the silo said last that it is alive.</summary>
    public long AliveMs { get; init; }

    /// <summary>The latest of the silo's start and of the votes against it.</summary>
    public long SignMs { get; init; }

    /// <summary>The rest. Its memory must never be written again.</summary>
    public required ReadOnlyMemory<byte> Entry { get; init; }
}
