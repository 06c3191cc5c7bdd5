namespace Quorleans.Benchmarks.Overload;

/// <summary>One way in which clients are too many.</summary>
/// <param name="Name">What <c>--only</c> calls it.</param>
/// <param name="How">For a person.</param>
/// <param name="Clerks">How many Clerks the clients share; 0: each has its own.</param>
/// <param name="Refuses">Whether the nodes take as many batches at a time as saturate them and refuse the others.</param>
internal sealed record OverloadPart(string Name, string How, int Clerks, bool Refuses)
{
    /// <summary>All there are.</summary>
    public static IReadOnlyList<OverloadPart> All { get; } =
    [
        // What most clusters meet: a few processes, each with a Clerk and many callers, whose puts travel together.
        new("shared", "8 Clerks", 8, Refuses: false),

        // The harshest: every client is a process that does one thing at a time, and nothing travels together.
        new("alone", "a Clerk each", 0, Refuses: false),
        new("refused", "a Clerk each, a limit at saturation", 0, Refuses: true),
    ];

    /// <summary>How many Clerks so many clients have.</summary>
    public int ClerksOf(int clients) => Clerks == 0 ? clients : Math.Min(Clerks, clients);
}
