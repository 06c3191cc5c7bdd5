namespace Quorleans.GrainInterfaces;

/// <summary>Batches of writes for several groups that one node leads. Never touched after sending.</summary>
/// <param name="groups">Each batch's group.</param>
/// <param name="batches">The batches; as many.</param>
[GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("Quorleans.SubmitRequests")]
public sealed class SubmitRequests(string[] groups, SubmitRequest[] batches)
{
    /// <summary>How many batches may come together.</summary>
    public const int Maximum = 256;

    /// <summary>Each batch's group.</summary>
    [Id(0)]
    public string[] Groups { get; } = groups;

    /// <summary>The batches.</summary>
    [Id(1)]
    public SubmitRequest[] Batches { get; } = batches;
}

/// <summary>The answers to <see cref="SubmitRequests"/>.</summary>
/// <param name="replies">One for each batch; null for one that is still under way, so that the others need not wait for it.</param>
/// <param name="tickets">For each that is under way what to ask for its answer by, in their order.</param>
[GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("Quorleans.SubmitReplies")]
public sealed class SubmitReplies(SubmitReply?[] replies, long[] tickets)
{
    /// <summary>One for each batch; null for one that is still under way.</summary>
    [Id(0)]
    public SubmitReply?[] Replies { get; } = replies;

    /// <summary>For each null among <see cref="Replies"/> the argument of <see cref="INodeGrain.Await"/>.</summary>
    [Id(1)]
    public long[] Tickets { get; } = tickets;
}
