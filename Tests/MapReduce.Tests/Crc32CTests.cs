using Quorleans.MapReduce.Engine;

namespace Quorleans.MapReduce.Tests;

public sealed class Crc32CTests
{
    [Fact]
    public void CheckValue_IsTheStandards() => Assert.Equal(0xE3069283u, Crc32C.Append(0, "123456789"u8));

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(3071)]
    [InlineData(3072)]
    [InlineData(3073)]
    [InlineData(65_544)]
    public void LanesSideBySide_GiveTheSumOfBitByBit(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        uint expected = ~0x1234_5678u;
        foreach (byte b in bytes)
        {
            expected ^= b;
            for (int bit = 0; bit < 8; bit++) expected = (expected & 1) == 0 ? expected >> 1 : (expected >> 1) ^ 0x82F6_3B78;
        }

        Assert.Equal(~expected, Crc32C.Append(0x1234_5678, bytes));
        Assert.Equal(~expected, Crc32C.Append(Crc32C.Append(0x1234_5678, bytes.AsSpan(0, length / 3)), bytes.AsSpan(length / 3)));
    }
}
