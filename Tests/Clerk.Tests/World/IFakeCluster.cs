namespace Quorleans.Clerk.Tests.World;

/// <summary>What a <see cref="FakeClerk"/> sends to.</summary>
internal interface IFakeCluster
{
    /// <summary>Whether faults are over.</summary>
    bool Healed { get; }

    /// <summary>Handles a request to <c>group/node</c>, and answers at once, later, or never.</summary>
    void Handle(string target, bool isQuery, byte[] payload, Action<ClerkReply> answer);
}
