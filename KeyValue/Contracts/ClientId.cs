using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Quorleans.KeyValue;

/// <summary>
/// Who sends operations: 128 random bits that a Clerk draws when it starts and never uses again after it ends. Sequence numbers mean
/// something only together with it. Ordered as an unsigned number, which is the order of its 16 encoded bytes.
/// </summary>
/// <param name="Value">The random number; 0 is no client.</param>
public readonly record struct ClientId(UInt128 Value) : IComparable<ClientId>
{
    /// <summary>Bytes of the encoding: the number, big-endian.</summary>
    public const int Size = 16;

    /// <summary>Whether this is no client.</summary>
    public bool IsNone => Value == UInt128.Zero;

    /// <summary>Reads the first <see cref="Size"/> bytes.</summary>
    /// <param name="source">At least <see cref="Size"/> bytes.</param>
    public static ClientId Read(ReadOnlySpan<byte> source) => new(BinaryPrimitives.ReadUInt128BigEndian(source));

    /// <summary>Reads what <see cref="ToString"/> wrote: 32 hexadecimal digits.</summary>
    /// <param name="text">The digits.</param>
    /// <param name="client">The client.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, out ClientId client)
    {
        bool ok = UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out UInt128 value) && text!.Length == 32;
        client = ok ? new ClientId(value) : default;
        return ok;
    }

    /// <summary>Writes <see cref="Size"/> bytes.</summary>
    /// <param name="destination">At least <see cref="Size"/> bytes.</param>
    public void Write(Span<byte> destination) => BinaryPrimitives.WriteUInt128BigEndian(destination, Value);

    /// <inheritdoc/>
    public int CompareTo(ClientId other) => Value.CompareTo(other.Value);

    /// <summary>Whether <paramref name="left"/> comes first.</summary>
    public static bool operator <(ClientId left, ClientId right) => left.Value < right.Value;

    /// <summary>Whether <paramref name="left"/> comes later.</summary>
    public static bool operator >(ClientId left, ClientId right) => left.Value > right.Value;

    /// <summary>Whether <paramref name="left"/> comes first or they are equal.</summary>
    public static bool operator <=(ClientId left, ClientId right) => left.Value <= right.Value;

    /// <summary>Whether <paramref name="left"/> comes later or they are equal.</summary>
    public static bool operator >=(ClientId left, ClientId right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public override string ToString() => Value.ToString("x32", CultureInfo.InvariantCulture);
}
