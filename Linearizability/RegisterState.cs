namespace Quorleans.Linearizability;

/// <summary>
/// The value of a key as its length and two polynomial hashes modulo 2^61-1: an append costs two multiplications, however long the
/// value, and equal states compare equal in a few instructions. Two different values are taken for equal with a chance of about
/// length² / 2^122.
/// </summary>
internal readonly record struct RegisterState(int Length, ulong First, ulong Second)
{
    private const ulong Modulus = (1UL << 61) - 1;
    private const ulong FirstBase = 0x0b4c_1f5d_93a7_2e61;
    private const ulong SecondBase = 0x1d6e_84b3_27f0_5c9b;

    /// <summary>There is no value.</summary>
    public static readonly RegisterState Absent = new(-1, 0, 0);

    /// <summary>There is a value, and no operation of the history tells which.</summary>
    public static readonly RegisterState Unseen = new(-2, 0, 0);

    /// <summary>The state that a value is; null is absence.</summary>
    public static RegisterState Of(string? value)
    {
        if (value is null) return Absent;
        ulong first = 0, second = 0;
        foreach (char c in value)
        {
            first = Add(Multiply(first, FirstBase), c + 1UL);
            second = Add(Multiply(second, SecondBase), c + 1UL);
        }

        return new RegisterState(value.Length, first, second);
    }

    /// <summary>What the base becomes over a text of some length: what <see cref="Append"/> multiplies with.</summary>
    public static (ulong First, ulong Second) Shift(int length) => (Power(FirstBase, length), Power(SecondBase, length));

    /// <summary>This value and another behind it.</summary>
    public RegisterState Append(in RegisterState tail, (ulong First, ulong Second) shift) => Length < 0
        ? tail
        : new RegisterState(Length + tail.Length, Add(Multiply(First, shift.First), tail.First), Add(Multiply(Second, shift.Second), tail.Second));

    private static ulong Power(ulong x, int exponent)
    {
        ulong result = 1;
        for (; exponent > 0; exponent >>= 1)
        {
            if ((exponent & 1) != 0) result = Multiply(result, x);
            x = Multiply(x, x);
        }

        return result;
    }

    private static ulong Add(ulong a, ulong b)
    {
        ulong sum = a + b;
        return sum >= Modulus ? sum - Modulus : sum;
    }

    private static ulong Multiply(ulong a, ulong b)
    {
        ulong high = Math.BigMul(a, b, out ulong low);
        return Add(low & Modulus, (high << 3) | (low >> 61));
    }
}
