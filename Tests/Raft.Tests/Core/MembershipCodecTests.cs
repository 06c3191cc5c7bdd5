using Xunit;

namespace Quorleans.Raft.Tests;

public sealed class MembershipCodecTests
{
    [Fact]
    public void DecodeGivesTheSame_ForSimpleJointAndEmptyConfigurations()
    {
        foreach (Membership membership in Samples())
        {
            byte[] bytes = MembershipCodec.Encode(membership);
            Assert.Equal(MembershipCodec.EncodedLength(membership), bytes.Length);
            Assert.Equal(membership, MembershipCodec.Decode(bytes));
        }
    }

    [Fact]
    public void TryDecodeReportsItsLength_WhenMoreBytesFollow()
    {
        byte[] bytes = MembershipCodec.Encode(Samples()[1]);
        Assert.True(MembershipCodec.TryDecode([.. bytes, 1, 2, 3], out Membership? membership, out int consumed));
        Assert.Equal(bytes.Length, consumed);
        Assert.Equal(Samples()[1], membership);
        Assert.Throws<InvalidDataException>(() => MembershipCodec.Decode([.. bytes, 1]));
    }

    [Fact]
    public void DecodeRefuses_EveryTruncation()
    {
        byte[] bytes = MembershipCodec.Encode(Samples()[2]);
        for (int length = 0; length < bytes.Length; length++)
        {
            byte[] cut = bytes[..length];
            Assert.Throws<InvalidDataException>(() => MembershipCodec.Decode(cut));
        }
    }

    [Fact]
    public void DecodeNamesTheVersion_WhenItIsNewer()
    {
        byte[] bytes = MembershipCodec.Encode(Samples()[1]);
        bytes[0] = 9;
        Assert.Contains("format 9", Assert.Throws<InvalidDataException>(() => MembershipCodec.Decode(bytes)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DecodeOnlyThrowsInvalidData_ForMutatedBytes()
    {
        byte[] good = MembershipCodec.Encode(Samples()[2]);
        Random random = new(7);
        int accepted = 0;
        for (int round = 0; round < 20_000; round++)
        {
            byte[] bytes = (byte[])good.Clone();
            for (int flips = random.Next(1, 4); flips > 0; flips--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                // What is accepted must be a configuration that encodes to those very bytes: there is one form only.
                Assert.Equal(bytes, MembershipCodec.Encode(MembershipCodec.Decode(bytes)));
                accepted++;
            }
            catch (InvalidDataException) { }
        }

        Assert.InRange(accepted, 1, 19_999);
    }

    [Fact]
    public void EncodeRefuses_IdsOutOfOrderOrNotBelowTheNext()
    {
        Membership descending = new()
        {
            Voters = [new(new MemberId(2), "a", Guid.Empty), new(new MemberId(1), "b", Guid.Empty)],
            NextId = new MemberId(3),
        };
        Assert.Throws<ArgumentException>(() => MembershipCodec.Encode(descending));
        Membership used = new() { Voters = [new(new MemberId(1), "a", Guid.Empty)], NextId = new MemberId(1) };
        Assert.Throws<ArgumentException>(() => MembershipCodec.Encode(used));
    }

    private static Membership[] Samples()
    {
        Membership simple = Membership.Initial([("n1", Id(1)), ("n2", Id(2)), ("größe-3", Id(3))]);
        return
        [
            new Membership(),
            simple,
            simple with
            {
                Index = new LogIndex(77), Outgoing = simple.Voters, NextId = new MemberId(6),
                Voters = [simple.Voters[0], new(new MemberId(4), "n4", Id(4))],
                Learners = [new(new MemberId(5), "n5", Id(5))],
            },
        ];
    }

    private static Guid Id(byte last) => new(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, last);
}
