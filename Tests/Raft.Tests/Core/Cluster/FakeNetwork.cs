namespace Quorleans.Raft.Tests;

/// <summary>Which one-way links are cut. A message on a cut link is lost, whether it is being sent or arriving.</summary>
internal sealed class FakeNetwork(int members)
{
    private readonly bool[] _cut = new bool[(members + 1) * (members + 1)];

    internal void Cut(MemberId from, MemberId to) => _cut[At(from, to)] = true;

    internal void Isolate(MemberId member)
    {
        for (int other = 1; other <= members; other++)
        {
            Cut(member, new MemberId(other));
            Cut(new MemberId(other), member);
        }
    }

    internal void Heal() => Array.Clear(_cut);

    internal bool IsCut(MemberId from, MemberId to) => _cut[At(from, to)];

    private int At(MemberId from, MemberId to) => from.Value * (members + 1) + to.Value;
}
