namespace Quorleans.Linearizability;

/// <summary>What a check found.</summary>
public enum Verdict
{
    /// <summary>There is an order that explains every result.</summary>
    Linearizable,

    /// <summary>There is none.</summary>
    NotLinearizable,

    /// <summary>The budget ran out before either was shown. This is a failure, never a pass.</summary>
    GaveUp,
}
