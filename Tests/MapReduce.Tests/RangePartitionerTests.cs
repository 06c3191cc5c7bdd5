using Quorleans.MapReduce.Engine;

namespace Quorleans.MapReduce.Tests;

public sealed class RangePartitionerTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(9)]
    [InlineData(100)]
    public void Partition_IsTheNumberOfBoundsThatAreNotGreater(int count)
    {
        Random random = new(count);
        byte[][] bounds = [.. Enumerable.Range(0, count).Select(_ => Key(random)).Order(Comparer<byte[]>.Create(Compare))];
        RangePartitioner partitioner = new(bounds, null);
        RangePartitioner backwards = new([.. bounds.Reverse()], new Descending());
        for (int i = 0; i < 3000; i++)
        {
            byte[] key = i < count ? bounds[i] : Key(random);
            Assert.Equal(bounds.Count(bound => Compare(bound, key) <= 0), partitioner.Partition(key, count + 1));
            Assert.Equal(bounds.Count(bound => Compare(bound, key) >= 0), backwards.Partition(key, count + 1));
        }
    }

    // Many are equal in their first eight bytes, and some are the greatest that there are.
    private static byte[] Key(Random random)
    {
        byte[] key = new byte[random.Next(12)];
        key.AsSpan().Fill((byte)(random.Next(3) * 127 + random.Next(2)));
        if (key.Length > 0) key[^1] = (byte)random.Next(256);
        return key;
    }

    private static int Compare(byte[] left, byte[] right) => left.AsSpan().SequenceCompareTo(right);

    private sealed class Descending : IKeyComparer
    {
        public int Compare(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => right.SequenceCompareTo(left);
    }
}
