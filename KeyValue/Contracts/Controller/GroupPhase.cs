namespace Quorleans.KeyValue;

/// <summary>Where a replica group's incarnation is in its life. The numbers stand in messages and snapshots.</summary>
public enum GroupPhase : byte
{
    /// <summary>No phase; never encoded.</summary>
    None = 0,

    /// <summary>It is in the configuration; nobody has reported yet that it has a leader.</summary>
    Joining = 1,

    /// <summary>It is in the configuration and serves.</summary>
    Active = 2,

    /// <summary>It is out of the configuration, but owns shards still, or a move needs it: its nodes must keep it.</summary>
    Leaving = 3,

    /// <summary>Nothing needs it: its nodes remove it and report that they have.</summary>
    Gone = 4,
}
